import { C1mError } from '../base/errors.js'
import { maxPort, type Port } from '../base/quantities.js'
import { quote } from '../base/quote.js'
import type { HostFacts } from '../host/facts.js'
import { capability, holds } from '../host/kernel.js'

/** First and last port, inclusive. */
export type PortRange = [first: Port, last: Port]

/** What this host says about ports and about who may bind them. */
export type PortRules = Pick<HostFacts, 'kernel' | 'ports'>

/** What a run uses unless told otherwise: every port that takes no privilege to bind. */
export const everyPort: PortRange = [1024, maxPort]

/** {@link everyPort} as it is written. */
export const everyPortText = everyPort.join('-')

/** `ip_local_port_range` as the kernel sets it: Documentation/networking/ip-sysctl.rst. */
const kernelsLocalRange: PortRange = [32_768, 60_999]

/**
 * Ephemeral ports that a run leaves free unless told otherwise. connect(2) and bind(2) with port 0 pass over every port
 * that any socket of the network namespace is bound to (`__inet_hash_connect` in net/ipv4/inet_hashtables.c, and
 * inet_csk_find_open_port), at whatever address: once all are, nothing on this host can open a connection.
 */
export const leastPortsLeft = 1024

/**
 * The source ports a run uses: those asked for, or by default every one but {@link portsLeftToOthers}. Reserved ports are
 * left out of both. Disjoint ranges, ascending.
 * @throws C1mError C1M_SOURCE_PORTS_INVALID
 */
export function resolveSourcePorts(asked: string | undefined, { kernel, ports }: PortRules): PortRange[] {
  if (asked !== undefined) return parseSourcePorts(asked, { kernel, ports })
  const keptBack = [...(ports.reserved ?? []), ...portsLeftToOthers(ports)]
  return parseSourcePorts(byDefault({ kernel, ports }), {
    kernel,
    ports: { ...ports, reserved: keptBack }
  })
}

/** Every port that this process may bind, from 1024 on. */
function byDefault({ kernel, ports }: PortRules): string {
  const [least, most] = everyPort
  const start = ports.unprivilegedStart ?? least
  const first = holds(kernel, capability.netBindService) === false ? Math.max(least, start) : least
  return `${Math.min(first, most)}-${most}`
}

/** The last ephemeral ports that are not reserved, 1,024 of them or as many as there are. */
export function portsLeftToOthers({ localRange, reserved }: PortRules['ports']): PortRange[] {
  const ranges: PortRange[] = []
  let missing = leastPortsLeft
  for (const [first, last] of without(localRange ?? kernelsLocalRange, reserved ?? []).reverse()) {
    if (missing === 0) break
    const from = Math.max(first, last - missing + 1)
    ranges.push([from, last])
    missing -= last - from + 1
  }
  return ranges
}

/** How many ports of the range asked for, or of the default, are not used, and why. */
export interface PortsKeptBack {
  /** By `ip_local_reserved_ports`; null where that is unknown. */
  reserved: number | null
  /** Ephemeral ports left to other programs. */
  leftToOthers: number
}

export function portsKeptBack(asked: string | undefined, { kernel, ports }: PortRules): PortsKeptBack {
  const range = asked ?? byDefault({ kernel, ports })
  const all = parseSourcePorts(range, { kernel, ports: { ...ports, reserved: [] } })
  const unreserved = countPorts(parseSourcePorts(range, { kernel, ports }))
  return {
    reserved: ports.reserved && countPorts(all) - unreserved,
    leftToOthers: unreserved - countPorts(resolveSourcePorts(asked, { kernel, ports }))
  }
}

/** How many ports the ranges hold. */
export function countPorts(ranges: readonly PortRange[]): number {
  return ranges.reduce((sum, [first, last]) => sum + last - first + 1, 0)
}

/**
 * Reads `A-B` or `A` and leaves out the reserved ports: disjoint ranges, ascending.
 * @throws C1mError C1M_SOURCE_PORTS_INVALID
 */
export function parseSourcePorts(text: string, { kernel, ports }: PortRules): PortRange[] {
  const fail = (reason: string, hint = `Write FIRST-LAST, e.g. ${everyPortText}.`) =>
    new C1mError(
      'C1M_SOURCE_PORTS_INVALID',
      (option) => `${option('sourcePorts')}: ${quote(text)} ${reason}`,
      { hint }
    )
  const match = /^(\d+)(?:-(\d+))?$/.exec(text.trim())
  if (!match) throw fail('is not a port range')
  const first = Number(match[1])
  const last = Number(match[2] ?? first)
  if (first === 0) throw fail('begins at 0, which is not a port')
  if (last > maxPort) throw fail(`ends at ${last}, and ports end at ${maxPort}`)
  if (first > last) throw fail(`is reversed: ${first} is above ${last}`)
  // Before Linux 4.11 there is no such setting, and the bound cannot be moved.
  const unprivilegedStart = ports.unprivilegedStart ?? everyPort[0]
  // The capability counts in the user namespace of the network namespace, too. Where it is unknown, bind(2) decides.
  if (first < unprivilegedStart && holds(kernel, capability.netBindService) === false) {
    throw fail(
      `begins below ${unprivilegedStart}, where only privileged processes may bind`,
      `Begin at ${unprivilegedStart}, or grant CAP_NET_BIND_SERVICE.`
    )
  }
  const ranges = without([first, last], ports.reserved ?? [])
  if (ranges.length > 0) return ranges
  throw fail(
    'is wholly reserved by net.ipv4.ip_local_reserved_ports',
    'Choose other ports, or change that setting.'
  )
}

function without([first, last]: PortRange, holes: readonly PortRange[]): PortRange[] {
  const kept: PortRange[] = []
  let next = first
  for (const [holeFirst, holeLast] of [...holes].sort(([a], [b]) => a - b)) {
    if (holeFirst > last) break
    if (holeFirst > next) kept.push([next, holeFirst - 1])
    next = Math.max(next, holeLast + 1)
  }
  return next > last ? kept : [...kept, [next, last]]
}

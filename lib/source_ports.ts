import { readFileSync } from 'node:fs'
import { C1mError } from './errors.js'

/** First and last port, inclusive. */
export type PortRange = [first: number, last: number]

/** What this host says about ports. */
export interface PortRules {
  /** Ports kept free for servers: `net.ipv4.ip_local_reserved_ports`, e.g. `8080,9000-9010`; usually empty. */
  reserved: string
  /** First port anyone may bind: `net.ipv4.ip_unprivileged_port_start`, usually 1024. */
  unprivilegedStart: number
  /** Whether this process may bind the ports below (CAP_NET_BIND_SERVICE). */
  mayBindPrivileged: boolean
}

/** Bit of CAP_NET_BIND_SERVICE in a capability set (linux/capability.h). */
const netBindService = 1n << 10n

/** Reads {@link PortRules} of this process's network namespace; what cannot be read is at its kernel default. */
export function readPortRules(): PortRules {
  const read = (path: string) => {
    try {
      return readFileSync(path, 'utf8').trim()
    } catch {
      return ''
    }
  }
  const capabilities = /^CapEff:\s*([0-9a-f]+)$/m.exec(read('/proc/self/status'))?.[1] ?? '0'
  return {
    reserved: read('/proc/sys/net/ipv4/ip_local_reserved_ports'),
    unprivilegedStart: Number(read('/proc/sys/net/ipv4/ip_unprivileged_port_start') || 1024),
    mayBindPrivileged: (BigInt(`0x${capabilities}`) & netBindService) !== 0n
  }
}

/**
 * Reads `A-B` or `A` and leaves out the reserved ports: disjoint ranges, ascending.
 * @throws C1mError C1M_SOURCE_PORTS_INVALID
 */
export function parseSourcePorts(text: string, rules: PortRules): PortRange[] {
  const fail = (reason: string, hint = 'Write FIRST-LAST, e.g. 1024-65535.') =>
    new C1mError('C1M_SOURCE_PORTS_INVALID', `source ports: '${text}' ${reason}`, { hint })
  const match = /^(\d+)(?:-(\d+))?$/.exec(text.trim())
  if (!match) throw fail('is not a port range')
  const first = Number(match[1])
  const last = Number(match[2] ?? first)
  if (first === 0) throw fail('begins at 0, which is not a port')
  if (last > 65_535) throw fail(`ends at ${last}, and ports end at 65535`)
  if (first > last) throw fail(`is reversed: ${first} is above ${last}`)
  if (first < rules.unprivilegedStart && !rules.mayBindPrivileged) {
    throw fail(
      `begins below ${rules.unprivilegedStart}, where only privileged processes may bind`,
      `Begin at ${rules.unprivilegedStart}, or grant CAP_NET_BIND_SERVICE.`
    )
  }
  const ranges = without([first, last], parsePortList(rules.reserved))
  if (ranges.length > 0) return ranges
  throw fail(
    'is wholly reserved by net.ipv4.ip_local_reserved_ports',
    `Choose other ports: reserved are ${rules.reserved}.`
  )
}

/** The kernel's own notation: `8080,9000-9010`. */
function parsePortList(text: string): PortRange[] {
  return text
    .split(',')
    .filter((part) => part !== '')
    .map((part): PortRange => {
      const [first = 0, last = first] = part.split('-').map(Number)
      return [first, last]
    })
    .sort(([a], [b]) => a - b)
}

function without([first, last]: PortRange, holes: readonly PortRange[]): PortRange[] {
  const kept: PortRange[] = []
  let next = first
  for (const [holeFirst, holeLast] of holes) {
    if (holeFirst > next) kept.push([next, Math.min(holeFirst - 1, last)])
    next = Math.max(next, holeLast + 1)
    if (next > last) return kept.filter(([a, b]) => a <= b)
  }
  return [...kept, [next, last]]
}

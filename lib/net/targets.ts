import { C1mError } from '../base/errors.js'
import { maxPort, type Port } from '../base/quantities.js'
import { printable, quote } from '../base/quote.js'
import { formatNumber } from '../base/units.js'
import {
  familyOf,
  formatEndpoint,
  isLoopback,
  isOneToMany,
  isPrivate,
  isUnspecified,
  parseAddress
} from './address.js'
import { ownAddresses } from './local_addresses.js'
import { type AddressChoice, addressesOf, chooseAddresses, type FamilyRules } from './names.js'

/** One destination address with the ports to use there, all inclusive. */
export interface Target {
  /** Host as it was written, for display. */
  host: string
  /** Numeric address. */
  address: string
  firstPort: Port
  lastPort: Port
}

/** A target as written: the host is not looked up yet. */
export type TargetSpec = Omit<Target, 'address'>

/** What is done with targets: only a listener, which may be watched, may leave address and port open. */
export type TargetUse = 'dial' | 'listen' | 'watch'

/** Pairs of address and port the engine can tell apart: kTagLimit in native/engine/state/connection_states.h, less one. */
const maxEndpoints = 2 ** 24 - 1

/**
 * Reads `host:port`, `host:port-port` or `[v6]:port`.
 * @throws C1mError C1M_TARGET_INVALID
 */
export function parseTarget(text: string, use: TargetUse): TargetSpec {
  const fail = (reason: string, hint = 'Write host:port, host:port-port or [v6]:port.') =>
    new C1mError('C1M_TARGET_INVALID', `target ${quote(text)} ${reason}`, { hint })
  const trimmed = text.trim()
  if (trimmed === '') throw fail('is empty')
  if (/^\w+:\/\//.test(trimmed)) throw fail('is a URL', 'Leave out the scheme and the path: write host:port.')
  const match = /^(?:\[([^\]]*)\]|([^:[\]]*))(?::([^:[\]]*))?$/.exec(trimmed)
  if (!match) {
    if (!/^\[?[\da-f.]*:[\da-f.]*:[^\]]*$/i.test(trimmed)) throw fail('is not of the form host:port')
    const address = parseAddress(trimmed) ? trimmed : 'address'
    throw fail('has an IPv6 address without brackets', `Write [${address}]:port.`)
  }
  const [, bracketed, plain, ports] = match
  const host = bracketed ?? plain ?? ''
  if (host === '') throw fail('has no host')
  if (bracketed !== undefined && parseAddress(bracketed) === null) {
    throw fail(
      `has ${quote(bracketed)} in brackets, which is not an IPv6 address${bracketed.includes('%') ? ' without a zone' : ''}`
    )
  }
  if (bracketed === undefined && !/^[\w.-]+$/.test(host)) {
    throw fail(`has the host ${quote(host)}, which is neither a name nor an address`)
  }
  if (ports === undefined || ports === '') throw fail('has no port')
  return { host, ...parsePorts(ports, use, fail) }
}

function parsePorts(text: string, use: TargetUse, fail: (reason: string) => C1mError) {
  const [first = 0, last = first] = text.split(/-(.*)/, 2).map((port) => {
    if (!/^\d+$/.test(port))
      throw fail(
        port === '' ? 'has a port range with one end' : `has the port ${quote(port)}, which is not a number`
      )
    if (Number(port) > maxPort) throw fail(`has the port ${printable(port)}, and ports end at ${maxPort}`)
    return Number(port)
  })
  if (first > last) throw fail(`has a reversed port range: ${first} is above ${last}`)
  if (first === 0 && use === 'dial') throw fail('has port 0, which nobody can listen on')
  if (first === 0 && last > 0)
    throw fail("has a range from port 0, which means a port of the kernel's choice")
  return { firstPort: first, lastPort: last }
}

/** How names of targets are looked up. */
export interface LookupOptions extends FamilyRules {
  /** Which addresses of a name to dial. Default `first`. */
  addresses?: AddressChoice
  /** Ends the waiting for the resolver, with the signal's reason. */
  signal?: AbortSignal | undefined
}

/** Addresses that the name of a target has, and that are not dialed. */
export interface OtherAddresses {
  /** The name. */
  host: string
  addresses: string[]
}

/** Targets, and what there is besides. */
export interface FoundTargets {
  targets: Target[]
  otherAddresses: OtherAddresses[]
}

/**
 * Reads targets and looks up their names. Targets to dial must be of one family, must each stand for one host, and must
 * not overlap: of a name the addresses of that family count. Those to dial or to listen on are at most 16,777,215 pairs
 * of address and port.
 * @throws C1mError C1M_TARGET_INVALID, C1M_TARGET_UNRESOLVED
 */
export async function resolveTargets(...args: Parameters<typeof lookUpTargets>): Promise<Target[]> {
  return (await lookUpTargets(...args)).targets
}

/** The same, with the addresses that are left out. */
export async function lookUpTargets(
  texts: readonly string[],
  use: TargetUse,
  { addresses = 'first', signal, ...rules }: LookupOptions = {}
): Promise<FoundTargets> {
  const specs = texts.map((text) => parseTarget(text, use))
  if (use !== 'watch') checkEndpoints(specs)
  const found = await Promise.all(specs.map(({ host }) => addressesOf(host, signal)))
  const chosen =
    use === 'dial'
      ? chooseAddresses(found, addresses, rules)
      : found.map(([first]) => ({ dialed: [first], others: [] }))
  const all = specs.flatMap((spec, i) =>
    (chosen[i]?.dialed ?? []).map((address): Target => ({ ...spec, address }))
  )
  if (use === 'dial') for (const target of all) checkDialable(target)
  if (use === 'dial') checkOneFamily(all)
  // Two names may have an address in common.
  const targets = addresses === 'all' ? withoutRepetitions(all) : all
  if (use !== 'watch') checkEndpoints(targets)
  checkOverlap(targets)
  const others = new Map(specs.map(({ host }, i) => [host, chosen[i]?.others ?? []]))
  const otherAddresses = [...others].map(([host, addresses]) => ({ host, addresses }))
  return { targets, otherAddresses: otherAddresses.filter(({ addresses }) => addresses.length > 0) }
}

function withoutRepetitions(targets: readonly Target[]): Target[] {
  const byEndpoints = new Map<string, Target>()
  for (const target of targets) {
    const endpoints = formatEndpoint(target.address, formatPorts(target))
    if (!byEndpoints.has(endpoints)) byEndpoints.set(endpoints, target)
  }
  return [...byEndpoints.values()]
}

function checkEndpoints(specs: readonly TargetSpec[]) {
  const endpoints = specs.reduce((sum, { firstPort, lastPort }) => sum + lastPort - firstPort + 1, 0)
  if (endpoints <= maxEndpoints) return
  throw new C1mError(
    'C1M_TARGET_INVALID',
    `the targets are ${formatNumber(endpoints)} pairs of address and port, and may be at most ${formatNumber(maxEndpoints)}`,
    { hint: 'Name fewer targets, or fewer ports of each.' }
  )
}

function checkDialable(target: Target) {
  const { address } = target
  const kind = isUnspecified(address)
    ? 'means any address'
    : isOneToMany(address)
      ? 'stands for many hosts'
      : null
  if (kind === null) return
  throw new C1mError(
    'C1M_TARGET_INVALID',
    `target ${quote(formatTarget(target))} cannot be dialed: ${address} ${kind}`,
    {
      hint: 'Name one host, e.g. 127.0.0.1 or [::1] for this one.'
    }
  )
}

function checkOneFamily(targets: readonly Target[]) {
  const [first, ...others] = targets
  const other = first && others.find(({ address }) => familyOf(address) !== familyOf(first.address))
  if (!first || !other) return
  throw new C1mError(
    'C1M_TARGET_INVALID',
    `targets mix IPv4 and IPv6: ${quote(formatTarget(first))} is ${first.address}, ${quote(formatTarget(other))} is ${other.address}`,
    { hint: 'Source addresses are of one family: dial each family in a run of its own.' }
  )
}

/** The same 4-tuple twice would fail, so no two targets may share an address and port. */
function checkOverlap(targets: readonly Target[]) {
  const ordered = [...targets].sort((a, b) => a.address.localeCompare(b.address) || a.firstPort - b.firstPort)
  ordered.forEach((next, i) => {
    const previous = ordered[i - 1]
    if (previous?.address !== next.address || next.firstPort === 0 || next.firstPort > previous.lastPort)
      return
    throw new C1mError(
      'C1M_TARGET_INVALID',
      `targets ${quote(formatTarget(previous))} and ${quote(formatTarget(next))} overlap at ${formatEndpoint(next.address, next.firstPort)}`,
      { hint: 'Name each address and port once.' }
    )
  })
}

/** Writes a target as it was written: `host:port` or `host:port-port`. */
export function formatTarget({ host, ...ports }: TargetSpec): string {
  return formatEndpoint(host, formatPorts(ports))
}

/** Writes ports as a target has them: `8100-8119`, or `80`. */
export function formatPorts({ firstPort, lastPort }: Pick<Target, 'firstPort' | 'lastPort'>): string {
  return firstPort === lastPort ? `${firstPort}` : `${firstPort}-${lastPort}`
}

/**
 * Refuses to flood a stranger: every target must be loopback, private or an address of this host, unless the
 * caller says that it may.
 * @throws C1mError C1M_AUTHORIZATION_REQUIRED
 */
export function checkAuthorized(targets: readonly Target[], authorized: boolean) {
  const stranger = authorized ? undefined : strangerAmong(targets)
  if (!stranger) return
  const { host, address } = stranger
  throw new C1mError(
    'C1M_AUTHORIZATION_REQUIRED',
    `target ${quote(formatTarget(stranger))}${host === address ? '' : ` (${address})`} is neither loopback nor private`,
    {
      hint: (option) =>
        `A connection flood needs the consent of whoever runs the target. With it, add ${option('authorized', true)}.`
    }
  )
}

/** The first target that is neither loopback nor private nor an address of this host. */
export function strangerAmong(targets: readonly Target[]): Target | undefined {
  // Asks for the addresses last: a dial of loopback starts without.
  return targets.find(
    ({ address }) => !isLoopback(address) && !isPrivate(address) && !ownAddresses().has(address)
  )
}

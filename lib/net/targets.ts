import { C1mError } from '../base/errors.js'
import { maxPort } from '../base/quantities.js'
import { quote } from '../base/quote.js'
import { formatNumber } from '../base/units.js'
import {
  familyOf,
  formatEndpoint,
  isLinkLocal,
  isLoopback,
  isOneToMany,
  isPrivate,
  isUnspecified,
  parseAddress
} from './address.js'
import { ownAddresses } from './local_addresses.js'
import { type AddressChoice, addressesOf, chooseAddresses, type FamilyRules } from './names.js'
import { formatPorts, formatTarget, type Target, type TargetSpec, type TargetUse } from './target.js'

/** Pairs of address and port the engine can tell apart: kTagLimit in native/engine/state/connection_states.h, less one. */
const maxEndpoints = 2 ** 24 - 1

/** `host:port` or `[v6]:port`, or a range, without a doubt: what is written in another way, or wrongly, is read elsewhere. */
const plainForm =
  /^(?:\[([\da-f.]*:[\da-f:.]*)\]|([a-z][\w.-]*|(?:\d{1,3}\.){3}\d{1,3})):([1-9]\d{0,4})(?:-([1-9]\d{0,4}))?$/i

async function readTargets(texts: readonly string[], use: TargetUse): Promise<TargetSpec[]> {
  const specs = texts.map(plainTarget).filter((spec) => spec !== null)
  if (specs.length === texts.length) return specs
  // Loaded when needed: a dial starts sooner without.
  return (await import('./target_text.js')).parseTargets(texts, use)
}

function plainTarget(text: string): TargetSpec | null {
  const [, bracketed, plain = '', first = '', last = first] = plainForm.exec(text) ?? []
  const spec = { host: bracketed ?? plain, firstPort: Number(first), lastPort: Number(last) }
  const isAddress = bracketed === undefined || parseAddress(bracketed) !== null
  return spec.host !== '' && isAddress && spec.firstPort <= spec.lastPort && spec.lastPort <= maxPort
    ? spec
    : null
}

/** How names of targets are looked up. */
export interface LookupOptions extends FamilyRules {
  /** Which addresses of a name to dial. Default `first`. */
  addresses?: AddressChoice
  /** The device that the sockets are bound to by an option. */
  device?: string | undefined
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
  /** The device that link-local targets, or an option, name; null: as the routes say. */
  device: string | null
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
  { addresses = 'first', device, signal, ...rules }: LookupOptions = {}
): Promise<FoundTargets> {
  const specs = await readTargets(texts, use)
  if (use !== 'watch') checkEndpoints(specs)
  const found = await addressesOfAll(specs, signal)
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
  return {
    targets,
    otherAddresses: otherAddresses.filter(({ addresses }) => addresses.length > 0),
    device: use === 'watch' ? null : await deviceOf(targets, device)
  }
}

/** Asks for each name once: a resolver may give its addresses in another order the next time. */
async function addressesOfAll(specs: readonly TargetSpec[], signal: AbortSignal | undefined) {
  const byHost = new Map<string, ReturnType<typeof addressesOf>>()
  return await Promise.all(
    specs.map(({ host }) => {
      const asked = byHost.get(host) ?? addressesOf(host, signal)
      byHost.set(host, asked)
      return asked
    })
  )
}

async function deviceOf(targets: readonly Target[], device: string | undefined): Promise<string | null> {
  if (!targets.some(({ address }) => isLinkLocal(address))) return device ?? null
  return (await import('./zones.js')).deviceOfLinkLocal(targets, device)
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
      hint: isUnspecified(address)
        ? `Write ${formatEndpoint(familyOf(address) === 4 ? '127.0.0.1' : '::1', formatPorts(target))} for a server on this host.`
        : 'Name one host, e.g. 127.0.0.1 or [::1] for this one.'
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

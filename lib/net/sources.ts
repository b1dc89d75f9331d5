import { C1mError } from '../base/errors.js'
import { quote } from '../base/quote.js'
import {
  type AddressRange,
  addressAfter,
  countAddresses,
  type Family,
  familyOf,
  isLinkLocal,
  isLoopback,
  isOneToMany,
  isUnspecified,
  mergeRanges,
  parseAddressRange,
  withoutZone
} from './address.js'
import {
  interfaceAddresses,
  ownAddresses,
  type UnsettledAddress,
  unsettledAddresses
} from './local_addresses.js'
import { bindFailure, codeOf, routeByDatagram } from './probes.js'
import type { Target } from './target.js'

/** What sources are chosen for. */
export interface SourceNeeds {
  /** Where they connect to; empty for a run against its own listeners on 127.0.0.1. */
  targets: readonly Target[]
  connections: number
  /** Tuples one source address gives: source ports of the shard times destinations. */
  tuplesPerAddress: number
  /** The device that the connections are bound to; null or nothing: as the routes say. */
  device?: string | null
  /** Asks the kernel for its route. Default: a datagram socket is connected, which sends nothing. */
  askRoute?: AskRoute
}

/** The address from which the kernel's route leads to a target, or why none does; null: this is no way to ask. */
export type AskRoute = (target: Target) => { source: string } | { error: string } | null

/** The default sources of loopback runs, clear of 127.0.0.1, where servers listen. */
const firstLoopbackSource = '127.0.1.1'
const lastLoopbackSource = '127.255.255.254'

/**
 * Part of the tuples kept spare when loopback addresses, which cost nothing, are handed out: sockets of strangers
 * hold some ports. A 64th is a thousand ports of each address.
 */
const spare = 1 / 64

/** Addresses of one range that are tried; evenly spaced when it holds more. */
const maxTried = 64

/**
 * Finds the source addresses: those named by `specs` (address, `A/len`, `A-B`, interface name), or else for loopback
 * targets as many of 127.0.1.1 upward as the connections need (::1 for IPv6), and for others the address the route
 * chooses. Sends no packet. Disjoint, ascending.
 * @throws C1mError C1M_SOURCE_INVALID, C1M_SOURCE_NOT_LOCAL, C1M_ROUTE_UNKNOWN
 */
export async function resolveSources(specs: readonly string[], needs: SourceNeeds): Promise<AddressRange[]> {
  const { targets } = needs
  const family = targets[0] ? familyOf(targets[0].address) : 4
  if (specs.length === 0) {
    if (!targets.every(({ address }) => isLoopback(address))) return [await routeSource(needs)]
    return [family === 6 ? { first: '::1', last: '::1' } : loopbackSources(needs)]
  }
  const ranges = mergeRanges(specs.flatMap((spec) => parseSource(spec, family, areLinkLocal(targets))))
  for (const range of ranges) {
    checkReach(range, targets)
    await checkLocal(range, needs.device ?? null)
  }
  return ranges
}

/** Whether sources for these targets may be link-local: then every connection is bound to one device. */
export function areLinkLocal(targets: readonly Target[]): boolean {
  return targets.some(({ address }) => isLinkLocal(address))
}

/**
 * Reads one source: an address, `A/len`, `A-B`, or the name of an interface, whose addresses of that family it means.
 * @param linkLocal whether its link-local addresses are of use, too
 * @throws C1mError C1M_SOURCE_INVALID
 */
export function parseSource(spec: string, family: Family, linkLocal = false): AddressRange[] {
  const fail = (reason: string, hint = 'Write an address, A/len, A-B or the name of an interface.') =>
    new C1mError('C1M_SOURCE_INVALID', (option) => `${option('source')} ${quote(spec)} ${reason}`, { hint })
  const text = linkLocal ? withoutZone(spec.trim()) : spec.trim()
  const interfaces = interfaceAddresses()
  // Not those that every object has: `constructor` is no interface.
  const addresses = interfaces && Object.hasOwn(interfaces, text) ? interfaces[text] : undefined
  if (addresses) {
    // A link-local address is of use only together with its interface, which a source cannot say.
    const usable = addresses.filter((a) => a.family === `IPv${family}` && (linkLocal || !a.scopeid))
    if (usable.length === 0)
      throw fail(`is an interface without an IPv${family} address`, 'Name an address, or another interface.')
    return usable.map(({ address }) => ({ first: address, last: address }))
  }
  const range = parseAddressRange(text)
  if (!range && interfaces === null && /^[\w.:@-]+$/.test(text) && !/^[\d.]+$/.test(text)) {
    throw fail(
      'cannot be looked up as an interface: netlink sockets (AF_NETLINK) are refused here',
      'Write its address.'
    )
  }
  if (!range) throw fail(explain(text))
  if (familyOf(range.first) !== family) {
    throw fail(
      `is IPv${familyOf(range.first)}, and the target is IPv${family}`,
      `Name IPv${family} addresses.`
    )
  }
  if ([range.first, range.last].some((a) => isUnspecified(a) || isOneToMany(a))) {
    throw fail('is not the address of one host', 'Name addresses of this host.')
  }
  return [range]
}

/** The one family that all of these sources have addresses of; undefined: either, or neither. */
export function familyOfSources(specs: readonly string[]): Family | undefined {
  if (specs.length === 0) return undefined
  const [family, ...others] = ([4, 6] as const).filter((one) => specs.every((spec) => isOf(spec, one)))
  return others.length === 0 ? family : undefined
}

function isOf(spec: string, family: Family): boolean {
  try {
    return parseSource(spec, family).length > 0
  } catch {
    return false
  }
}

function explain(text: string): string {
  const ends = text.split('-').map(parseAddressRange)
  if (text.includes('/') && !text.includes('-') && parseAddressRange(text.split('/')[0] ?? '')) {
    return 'has a prefix length that its address does not allow'
  }
  if (ends.length === 2 && ends.every((end) => end !== null))
    return 'is a reversed range, or mixes IPv4 and IPv6'
  return 'is neither an address, nor a range, nor an interface that is up'
}

function loopbackSources({ connections, tuplesPerAddress }: SourceNeeds): AddressRange {
  const most = countAddresses([{ first: firstLoopbackSource, last: lastLoopbackSource }])
  // A shard without ports gives no tuples; the count of tuples tells the caller, with the remedy.
  const needed = tuplesPerAddress === 0 ? 1 : Math.ceil((connections * (1 + spare)) / tuplesPerAddress)
  return {
    first: firstLoopbackSource,
    last: addressAfter(firstLoopbackSource, BigInt(Math.min(needed, Number(most))) - 1n)
  }
}

/** The kernel refuses 127/8 towards other hosts with EINVAL, each connection anew. */
function checkReach({ first }: AddressRange, targets: readonly Target[]) {
  if (!isLoopback(first)) return
  const remote = targets.find(({ address }) => !isLoopback(address) && !ownAddresses().has(address))
  if (!remote) return
  throw new C1mError(
    'C1M_SOURCE_INVALID',
    (option) => `${option('source')} ${first} is loopback and cannot reach ${remote.address}`,
    {
      hint: (option) =>
        `Name an address of this host that the target can answer, or leave ${option('source')} out.`
    }
  )
}

async function checkLocal(range: AddressRange, device: string | null) {
  const [missing] = await missingAddresses(range, device, 1)
  if (!missing) return
  const { address, cause } = missing
  const unsettled = unsettledAddresses().find((one) => one.address === address)
  if (unsettled) throw unusable(unsettled, cause)
  throw new C1mError(
    'C1M_SOURCE_NOT_LOCAL',
    (option) => `${option('source')} ${address} is not an address of this host (${codeOf(cause)})`,
    {
      hint: `Give it to an interface (ip address add ${address}/${familyOf(address) === 4 ? 32 : 128} dev eth0), or name others.`,
      cause
    }
  )
}

function unusable({ address, device, state }: UnsettledAddress, cause: unknown): C1mError {
  return new C1mError(
    'C1M_SOURCE_NOT_LOCAL',
    (option) =>
      state === 'tentative'
        ? `${option('source')} ${address} cannot be used yet: duplicate address detection of ${device} is under way`
        : `${option('source')} ${address} cannot be used: another host on the link of ${device} has it`,
    {
      hint:
        state === 'tentative'
          ? 'Wait a second or two, or add the address with nodad.'
          : 'Name an address that only this host has.',
      cause
    }
  )
}

/** An address that cannot be bound, and why not. */
export interface MissingAddress {
  address: string
  cause: unknown
}

/**
 * Addresses of the range that this host does not have, at most `most`; of a long range, a sample is tried. Binds
 * datagram sockets and sends nothing. 127/8 belongs to every host.
 * @param device whose link-local addresses count
 */
export async function missingAddresses(
  range: AddressRange,
  device: string | null,
  most = Number.POSITIVE_INFINITY
): Promise<MissingAddress[]> {
  const missing: MissingAddress[] = []
  if (familyOf(range.first) === 4 && isLoopback(range.first) && isLoopback(range.last)) return missing
  for (const address of sample(range)) {
    if (missing.length >= most) break
    const zone = device !== null && isLinkLocal(address) ? `%${device}` : ''
    const cause = await bindFailure(address + zone)
    if (cause !== null) missing.push({ address, cause })
  }
  return missing
}

/** All addresses of a short range; of a long one its ends and some between. */
function sample(range: AddressRange): string[] {
  const size = countAddresses([range])
  const tried = size < maxTried ? Number(size) : maxTried
  return Array.from({ length: tried }, (_, i) =>
    addressAfter(range.first, tried === 1 ? 0n : (BigInt(i) * (size - 1n)) / BigInt(tried - 1))
  )
}

/** The address the route to the targets chooses. */
async function routeSource({ targets, askRoute, device }: SourceNeeds): Promise<AddressRange> {
  const chosen = new Map<string, string>()
  for (const target of targets)
    if (!chosen.has(target.address))
      chosen.set(target.address, await routeTo(target, askRoute, device ?? null))
  const [[target, source] = ['', ''], ...others] = chosen
  const other = others.find(([, address]) => address !== source)
  if (!other) return { first: source, last: source }
  throw new C1mError(
    'C1M_SOURCE_INVALID',
    `no one source address serves all targets: ${target} is reached from ${source}, ${other[0]} from ${other[1]}`,
    { hint: (option) => `Name the source (${option('source')}), or dial them in separate runs.` }
  )
}

async function routeTo(
  target: Target,
  askRoute: AskRoute | undefined,
  device: string | null
): Promise<string> {
  const { address } = target
  const noRoute = (code: string, cause?: unknown) =>
    new C1mError('C1M_ROUTE_UNKNOWN', `this host has no route to ${address} (${code})`, {
      hint: `Look at: ip route get ${address}${device === null ? '' : ` oif ${device}`}`,
      cause
    })
  try {
    const told = askRoute?.(target) ?? (await routeByDatagram(address))
    if (told === null)
      throw new C1mError(
        'C1M_ROUTE_UNKNOWN',
        `the source address for ${address} cannot be looked up: other sockets hold the UDP ports of this host`,
        { hint: (option) => `Name the source (${option('source')}).` }
      )
    if ('error' in told) throw noRoute(told.error)
    return told.source
  } catch (cause) {
    throw cause instanceof C1mError ? cause : noRoute(codeOf(cause), cause)
  }
}

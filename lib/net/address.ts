/** IP version of an address. */
export type Family = 4 | 6

/** A numeric address as one number, so that ranges are arithmetic. */
export interface Address {
  family: Family
  value: bigint
}

/** Numeric addresses from `first` to `last`, inclusive, of one family. */
export interface AddressRange {
  first: string
  last: string
}

const bits = { 4: 32, 6: 128 } as const

const octet = '(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)'

/** An IPv4 address. isIPv4 of node:net says the same, but takes 2 ms to load, and the first SYN would wait for it. */
const dotted = new RegExp(`^${octet}(?:\\.${octet}){3}$`)

/** `::ffff:0:0/96`: IPv4 addresses in IPv6 notation (RFC 4291, 2.5.5.2). */
const mapped = 0xffffn

/**
 * Reads a numeric address; null for anything else, names and zones (`%eth0`) included. IPv4 in IPv6 notation
 * (`::ffff:10.0.0.1`) is read as the IPv4 address it is, so that it cannot pass for something else.
 */
export function parseAddress(text: string): Address | null {
  if (dotted.test(text)) return { family: 4, value: joined(text.split('.'), 8, 10) }
  // Not isIPv6: its pattern takes 5 ms to compile, and the first SYN would wait for it.
  const url = `http://[${text}]`
  if (!/^[\da-f:.]+$/i.test(text) || !URL.canParse(url)) return null
  // A URL's host is the canonical spelling without dotted parts, which leaves one case: the `::`.
  const [head = '', tail] = new URL(url).hostname.slice(1, -1).split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = Array<string>(8 - left.length - right.length).fill('0')
  const value = joined([...left, ...zeros, ...right], 16, 16)
  return value >> 32n === mapped ? { family: 4, value: value & 0xffff_ffffn } : { family: 6, value }
}

function joined(parts: string[], width: number, radix: number): bigint {
  return parts.reduce((sum, part) => (sum << BigInt(width)) | BigInt(Number.parseInt(part, radix)), 0n)
}

/** Writes an address in its canonical form (RFC 5952). */
export function formatAddress({ family, value }: Address): string {
  if (family === 4) return [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 0xffn).join('.')
  const groups = Array.from({ length: 8 }, (_, i) => ((value >> BigInt(112 - 16 * i)) & 0xffffn).toString(16))
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1)
}

/**
 * Reads `A`, `A/len` or `A-B`; null for anything else, a reversed range and mixed families included. `A/len` leaves
 * out the network's own address and IPv4's broadcast address, which no host answers for.
 */
export function parseAddressRange(text: string): AddressRange | null {
  const [from = '', to, ...rest] = text.split(/[-/]/)
  const first = parseAddress(from)
  if (!first || rest.length > 0) return null
  if (to === undefined) return range(first.family, first.value, first.value)
  if (text.includes('/')) return /^\d{1,3}$/.test(to) ? network(first, Number(to)) : null
  const last = parseAddress(to)
  return last?.family === first.family && last.value >= first.value
    ? range(first.family, first.value, last.value)
    : null
}

function network({ family, value }: Address, length: number): AddressRange | null {
  const hostBits = bits[family] - length
  if (hostBits < 0) return null
  const size = 1n << BigInt(hostBits)
  const base = value - (value % size)
  // Networks of two or one have no address to spare (RFC 3021, RFC 6164).
  if (hostBits < 2) return range(family, base, base + size - 1n)
  return range(family, base + 1n, base + size - (family === 4 ? 2n : 1n))
}

function range(family: Family, first: bigint, last: bigint): AddressRange {
  return { first: formatAddress({ family, value: first }), last: formatAddress({ family, value: last }) }
}

/** The address `offset` above `address`, which must be numeric. */
export function addressAfter(address: string, offset: bigint): string {
  const { family, value } = numeric(address)
  return formatAddress({ family, value: value + offset })
}

/** How many addresses the ranges hold together. */
export function countAddresses(ranges: readonly AddressRange[]): bigint {
  return ranges.reduce((sum, { first, last }) => sum + numeric(last).value - numeric(first).value + 1n, 0n)
}

/** The same addresses as disjoint ranges in ascending order. All must be of one family. */
export function mergeRanges(ranges: readonly AddressRange[]): AddressRange[] {
  const sorted = ranges
    .map(({ first, last }) => ({
      family: familyOf(first),
      first: numeric(first).value,
      last: numeric(last).value
    }))
    .sort((a, b) => (a.first < b.first ? -1 : Number(a.first > b.first)))
  const merged: typeof sorted = []
  for (const next of sorted) {
    const previous = merged.at(-1)
    if (!previous || next.first > previous.last + 1n) merged.push(next)
    else if (next.last > previous.last) previous.last = next.last
  }
  return merged.map(({ family, first, last }) => range(family, first, last))
}

/** IP version of a numeric address. */
export function familyOf(address: string): Family {
  return numeric(address).family
}

/** For addresses this package has parsed before: anything else is a bug. */
function numeric(address: string): Address {
  const parsed = parseAddress(address)
  if (!parsed) throw new TypeError(`'${address}' is not a numeric address`)
  return parsed
}

/** A test whether a numeric address lies in one of `networks`, each written `A/len`. */
export function within(...networks: string[]): (address: string) => boolean {
  const prefixes = networks.map((text) => {
    const [first = '', length] = text.split('/')
    const { family, value } = numeric(first)
    const hostBits = BigInt(bits[family] - Number(length))
    return { family, hostBits, prefix: value >> hostBits }
  })
  return (address) => {
    const { family, value } = numeric(address)
    return prefixes.some((one) => one.family === family && one.prefix === value >> one.hostBits)
  }
}

/** A test whether a numeric address lies in one of the ranges. */
export function addressesWithin(ranges: readonly AddressRange[]): (address: string) => boolean {
  const bounds = ranges.map(({ first, last }) => ({ first: numeric(first), last: numeric(last) }))
  return (address) => {
    const { family, value } = numeric(address)
    return bounds.some(
      ({ first, last }) => first.family === family && first.value <= value && value <= last.value
    )
  }
}

/** Whether a numeric address never leaves this host: 127.0.0.0/8 or ::1. */
export const isLoopback = within('127.0.0.0/8', '::1/128')

/**
 * Whether a numeric address belongs to a private network: RFC 1918, RFC 4193, link-local, carrier-grade NAT, or
 * the networks set aside for benchmarks (198.18.0.0/15, 2001:2::/48).
 */
export const isPrivate = within(
  '10.0.0.0/8', // RFC 1918
  '172.16.0.0/12',
  '192.168.0.0/16',
  '169.254.0.0/16', // link-local, RFC 3927
  '100.64.0.0/10', // carrier-grade NAT, RFC 6598
  '198.18.0.0/15', // benchmarking, RFC 2544
  'fc00::/7', // unique local, RFC 4193
  'fe80::/10', // link-local, RFC 4291
  '2001:2::/48' // benchmarking, RFC 5180
)

/** Whether a numeric address stands for no single host: multicast or broadcast. */
export const isOneToMany = within('224.0.0.0/4', '255.255.255.255/32', 'ff00::/8')

/** Whether a numeric address means "any": 0.0.0.0 (and the rest of 0.0.0.0/8) or ::. */
export const isUnspecified = within('0.0.0.0/8', '::/128')

/** Whether a numeric address belongs to one link, so that it is of use only together with a device: RFC 4291, 2.5.6. */
export const isLinkLocal = within('fe80::/10')

/** The device that `fe80::1%eth0` names; undefined: none. */
export function zoneOf(host: string): string | undefined {
  const at = host.indexOf('%')
  return at < 0 ? undefined : host.slice(at + 1)
}

/** `fe80::1` of `fe80::1%eth0`; a host without a zone as it is. */
export function withoutZone(host: string): string {
  const at = host.indexOf('%')
  return at < 0 ? host : host.slice(0, at)
}

/** Writes `host:port`, with an IPv6 address in brackets. */
export function formatEndpoint(host: string, port: number | string): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

/** The host and the port of what {@link formatEndpoint} wrote. */
export function splitEndpoint(endpoint: string): { host: string; port: number } {
  const colon = endpoint.lastIndexOf(':')
  return {
    host: endpoint.slice(0, colon).replace(/^\[|\]$/g, ''),
    port: Number(endpoint.slice(colon + 1))
  }
}

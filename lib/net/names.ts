/** Names of hosts: their addresses, and which of them a dial uses. */
import { C1mError } from '../base/errors.js'
import { unlessAborted } from '../base/pace.js'
import { printable, quote } from '../base/quote.js'
import { type Family, familyOf, formatAddress, parseAddress, withoutZone } from './address.js'

export const addressChoices = ['first', 'all'] as const

/** Which addresses of a name are dialed: the first that the resolver gives, or all of one family. */
export type AddressChoice = (typeof addressChoices)[number]

/**
 * The addresses of a host in the resolver's order, each once; of a numeric one that itself, without its zone.
 * @param signal ends the waiting for the resolver, with the signal's reason
 * @throws C1mError C1M_TARGET_UNRESOLVED
 */
export async function addressesOf(host: string, signal?: AbortSignal): Promise<[string, ...string[]]> {
  const numeric = parseAddress(withoutZone(host))
  if (numeric) return [formatAddress(numeric)]
  try {
    // Loaded for names only: it takes its time.
    const { lookup } = await import('node:dns/promises')
    const asked = lookup(host, { all: true })
    // A resolver that does not answer is left to itself.
    return usable(await (signal ? unlessAborted(asked, signal) : asked))
  } catch (cause) {
    signal?.throwIfAborted()
    throw lookupFailure(host, cause as NodeJS.ErrnoException)
  }
}

/** No answer (EAI_AGAIN, getaddrinfo(3)) is something else than the answer that there is no such name. */
export function lookupFailure(host: string, cause: NodeJS.ErrnoException): C1mError {
  const { code, message } = cause
  return code === 'EAI_AGAIN'
    ? new C1mError(
        'C1M_TARGET_UNRESOLVED',
        `the name ${quote(host)} cannot be looked up: the resolver did not answer (${code})`,
        {
          hint: `Try again, check the name servers in /etc/resolv.conf (getent hosts ${printable(host)}), or write the address.`,
          cause
        }
      )
    : new C1mError('C1M_TARGET_UNRESOLVED', `the name ${quote(host)} has no address (${code ?? message})`, {
        hint: `Check the spelling and the resolver (getent hosts ${printable(host)}), or write the address.`,
        cause
      })
}

/** The kernel's own spelling of each; a zone, which only link-local addresses have, is left out. */
function usable(found: readonly { address: string }[]): [string, ...string[]] {
  const numeric = found
    .map(({ address }) => parseAddress(withoutZone(address)))
    .filter((address) => address !== null)
  const [first, ...others] = new Set(numeric.map(formatAddress))
  if (first !== undefined) return [first, ...others]
  throw new Error(`${printable(found[0]?.address ?? 'none')} is none that can be dialed`)
}

/** Addresses of one host: those that are dialed, and those that are not. */
export interface ChosenAddresses {
  dialed: string[]
  others: string[]
}

/** What decides between the families of a name. */
export interface FamilyRules {
  /** The one that the sources are of; asked where a name has both. */
  family?: (() => Family | undefined) | undefined
  /** Whether this host has a route to an address; default: to every one. */
  hasRoute?: ((address: string) => boolean) | undefined
}

/**
 * Chooses among the addresses of each host, all of one family, because the source addresses of a dial are: the family
 * asked for, that of a host with no other, or else the first in the resolver's order that this host has a route for.
 */
export function chooseAddresses(
  hosts: readonly (readonly [string, ...string[]])[],
  choice: AddressChoice,
  { family: asked = () => undefined, hasRoute = () => true }: FamilyRules = {}
): ChosenAddresses[] {
  const isOpen = hosts.some((addresses) => familiesOf(addresses).length > 1)
  const family = (isOpen ? asked() : undefined) ?? commonFamily(hosts, hasRoute)
  return hosts.map((addresses) => {
    const candidates = addresses.filter((address) => familyOf(address) === family)
    // A host that has none of that family: its first address says so in the error to come.
    const [first] = candidates.length > 0 ? candidates : addresses
    const dialed = choice === 'all' && candidates.length > 0 ? candidates : [first as string]
    return { dialed, others: addresses.filter((address) => !dialed.includes(address)) }
  })
}

function commonFamily(
  hosts: readonly (readonly [string, ...string[]])[],
  hasRoute: (address: string) => boolean
): Family | undefined {
  const only = hosts.find((addresses) => familiesOf(addresses).length === 1)
  if (only ?? !hosts[0]) return only && familyOf(only[0])
  const addresses = hosts[0] ?? []
  const firsts = familiesOf(addresses).map(
    (family) => addresses.find((one) => familyOf(one) === family) ?? ''
  )
  return familyOf(firsts.find(hasRoute) ?? addresses[0] ?? '')
}

function familiesOf(addresses: readonly string[]): Family[] {
  return [...new Set(addresses.map(familyOf))]
}

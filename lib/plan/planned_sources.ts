/** Source addresses of a plan. Notes problems for which `dial` would refuse to run. */
import { C1mError } from '../base/errors.js'
import { quote } from '../base/quote.js'
import { type AddressRange, familyOf, isLoopback, mergeRanges, parseAddressRange } from '../net/address.js'
import { type UnsettledAddress, unsettledAddresses } from '../net/local_addresses.js'
import {
  areLinkLocal,
  missingAddresses,
  parseSource,
  resolveSources,
  type SourceNeeds
} from '../net/sources.js'

/** Sources to plan with, and their problems. */
export interface PlannedSources {
  ranges: AddressRange[]
  /** Addresses among them that this host does not have. */
  missing: string[]
  /** Addresses that this host has but cannot use yet because of duplicate address detection. */
  unsettled: UnsettledAddress[]
  /** Targets to which this host has no route. */
  unrouted: string[]
  /** Whether one address is assumed in place of the one that the route will choose. */
  assumed: boolean
}

/**
 * Finds the sources as `resolveSources` does.
 * @param here whether the plan is for this host; for another host nothing can be looked up
 * @throws C1mError C1M_SOURCE_INVALID for an invalid source
 */
export async function planSources(
  specs: readonly string[],
  needs: SourceNeeds,
  here: boolean
): Promise<PlannedSources> {
  const family = needs.targets[0] ? familyOf(needs.targets[0].address) : 4
  const unknown = family === 4 ? '0.0.0.0' : '::'
  const assumed = { ...fine([{ first: unknown, last: unknown }]), assumed: true }
  const local = needs.targets.every(({ address }) => isLoopback(address))
  if (!here && specs.length > 0)
    return fine(mergeRanges(specs.flatMap((spec) => elsewhere(spec, family, areLinkLocal(needs.targets)))))
  if (!here && !local) return assumed
  try {
    const ranges = await resolveSources(specs, needs)
    // The default addresses for loopback have not been tried: without IPv6 there is no ::1.
    return specs.length === 0 && here ? await withMissing(ranges, needs.device ?? null) : fine(ranges)
  } catch (error) {
    const code = error instanceof C1mError ? error.code : null
    if (code === 'C1M_ROUTE_UNKNOWN') return { ...assumed, unrouted: await unroutedAmong(needs) }
    if (code !== 'C1M_SOURCE_NOT_LOCAL') throw error
    const linkLocal = areLinkLocal(needs.targets)
    return await withMissing(
      mergeRanges(specs.flatMap((spec) => parseSource(spec, family, linkLocal))),
      needs.device ?? null
    )
  }
}

async function withMissing(ranges: AddressRange[], device: string | null): Promise<PlannedSources> {
  const tried = await Promise.all(ranges.map((range) => missingAddresses(range, device)))
  const unbound = tried.flat().map(({ address }) => address)
  const unsettled = unsettledAddresses().filter(({ address }) => unbound.includes(address))
  const missing = unbound.filter((address) => unsettled.every((one) => one.address !== address))
  return { ...fine(ranges), missing, unsettled }
}

const fine = (ranges: AddressRange[]): PlannedSources => ({
  ranges,
  missing: [],
  unsettled: [],
  unrouted: [],
  assumed: false
})

function elsewhere(spec: string, family: 4 | 6, linkLocal: boolean): AddressRange[] {
  if (parseAddressRange(spec.trim()) === null && /^[a-z]/i.test(spec) && !spec.includes(':'))
    throw new C1mError(
      'C1M_SOURCE_INVALID',
      (option) =>
        `${option('source')} ${quote(spec)} is not an address, and the interfaces of another host are unknown`,
      { hint: 'Write an address, A/len or A-B.' }
    )
  return parseSource(spec, family, linkLocal)
}

async function unroutedAmong(needs: SourceNeeds): Promise<string[]> {
  const unrouted = new Set<string>()
  for (const target of needs.targets) {
    if (unrouted.has(target.address)) continue
    await resolveSources([], { ...needs, targets: [target] }).catch(() => unrouted.add(target.address))
  }
  return [...unrouted]
}

/** Where connections go, in words. */
import { parseAddress, withoutZone } from '../net/address.js'
import { formatTarget, type Target } from '../net/target.js'
import type { DialScenario } from '../scenario/scenario.js'
import { listed, plural } from './layout.js'

/** Targets that are named, and addresses of each; the rest are counted. */
const mostNamed = 3

/** A result of an earlier version does not have the other addresses. */
type Destination = Pick<DialScenario, 'selfDial' | 'targets'> & Partial<Pick<DialScenario, 'otherAddresses'>>

/** The targets of a dial, with the addresses of names; a self-dial goes to listeners of its own. */
export function destination({ selfDial, targets, otherAddresses = [] }: Destination): string {
  if (selfDial) return 'its own listeners'
  const written = new Map<string, Target[]>()
  for (const target of targets) {
    const text = formatTarget(target)
    written.set(text, [...(written.get(text) ?? []), target])
  }
  const others = new Map(otherAddresses.map(({ host, addresses }) => [host, addresses.length]))
  return listed(
    [...written].map(([text, dialed]) => text + addresses(dialed, others)),
    mostNamed
  )
}

/** ` (198.18.1.2, 1 of 3 addresses)` of a name that has three; nothing for a target that is written as an address. */
function addresses(dialed: readonly Target[], others: ReadonlyMap<string, number>): string {
  const [first] = dialed
  if (!first || parseAddress(withoutZone(first.host)) !== null) return ''
  const all = dialed.length + (others.get(first.host) ?? 0)
  const share = dialed.length === all ? plural(all, 'address', 'es') : `${dialed.length} of ${all} addresses`
  if (dialed.length > mostNamed) return ` (${share})`
  const named = dialed.map(({ address }) => address).join(', ')
  return dialed.length === all ? ` (${named})` : ` (${named}, ${share})`
}

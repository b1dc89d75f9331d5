/** Where connections go, in words. */
import { parseAddress } from '../net/address.js'
import { formatTarget, type Target } from '../net/targets.js'
import type { DialScenario } from '../scenario/scenario.js'
import { listed, plural } from './layout.js'

/** Targets that are named, and addresses of each; the rest are counted. */
const mostNamed = 3

/** The targets of a dial, with the addresses of names; a self-dial goes to listeners of its own. */
export function destination({ selfDial, targets }: Pick<DialScenario, 'selfDial' | 'targets'>): string {
  if (selfDial) return 'its own listeners'
  const written = new Map<string, Target[]>()
  for (const target of targets) {
    const text = formatTarget(target)
    written.set(text, [...(written.get(text) ?? []), target])
  }
  return listed(
    [...written].map(([text, dialed]) => text + addresses(dialed)),
    mostNamed
  )
}

/** ` (198.18.1.2, 1 of 3 addresses)` of a name that has three; nothing for a target that is written as an address. */
function addresses(dialed: readonly Target[]): string {
  const [first] = dialed
  if (!first || parseAddress(first.host) !== null) return ''
  const all = dialed.length + (first.otherAddresses?.length ?? 0)
  const share = dialed.length === all ? plural(all, 'address', 'es') : `${dialed.length} of ${all} addresses`
  if (dialed.length > mostNamed) return ` (${share})`
  const named = dialed.map(({ address }) => address).join(', ')
  return dialed.length === all ? ` (${named})` : ` (${named}, ${share})`
}

/** Whether this host will track the connections of a plan. */
import type { HostFacts } from '../host/facts.js'
import { areUntracked, readRuleset } from '../observe/notrack_rules.js'
import { isTracked } from '../scenario/needs.js'
import type { DialScenario } from '../scenario/scenario.js'

/**
 * `none`: rules keep them out. `all`: no rule that can be read does. `unknown`: nobody may read the rules. null: nothing is
 * tracked here.
 */
export type Tracking = 'none' | 'all' | 'unknown' | null

/** Reads the rules where they matter: where this namespace tracks connections. */
export async function trackingOf(
  { conntrack }: HostFacts,
  { targets, selfDial }: DialScenario,
  peerIsHere: boolean
): Promise<Tracking> {
  if (!isTracked(conntrack, false)) return null
  const ruleset = await readRuleset()
  if (ruleset === null) return 'unknown'
  // The ports of its own listeners are known only to the run.
  return areUntracked(ruleset, { targets: selfDial ? [] : targets, bothEnds: peerIsHere }) ? 'none' : 'all'
}

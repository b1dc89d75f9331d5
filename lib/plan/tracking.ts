/** Whether this host will track the connections of a plan. */
import type { HostFacts } from '../host/facts.js'
import { areUntracked, readRuleset } from '../observe/notrack_rules.js'
import { isTracked } from '../scenario/needs.js'
import type { DialScenario } from '../scenario/scenario.js'

/**
 * `none`: rules exempt the connections. `all`: no rule that could be read does. `unknown`: the rules cannot be read. null:
 * this host tracks no connections.
 */
export type Tracking = 'none' | 'all' | 'unknown' | null

/** Reads the rules only if this namespace tracks connections. */
export async function trackingOf(
  { conntrack }: HostFacts,
  { targets, selfDial }: DialScenario,
  peerIsHere: boolean
): Promise<Tracking> {
  if (!isTracked(conntrack, false)) return null
  const ruleset = await readRuleset()
  if (ruleset === null) return 'unknown'
  // Only the run knows the ports of its own listeners.
  return areUntracked(ruleset, { targets: selfDial ? [] : targets, bothEnds: peerIsHere }) ? 'none' : 'all'
}

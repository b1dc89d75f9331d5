/** Resolves the scenario of a plan, even if it cannot be run. */
import type { HostFacts } from '../host/facts.js'
import { checkZones } from '../net/zones.js'
import type { DialOptions } from '../scenario/options.js'
import { type DialScenario, draftDial } from '../scenario/scenario.js'
import { checkDevice } from '../scenario/socket_options.js'
import { type PlannedSources, planSources } from './planned_sources.js'

/**
 * Drafts the scenario and finds its sources.
 * @param here whether the plan is for this host
 * @throws C1mError for invalid options
 */
export async function draftPlan(
  options: DialOptions,
  facts: HostFacts,
  here: boolean
): Promise<{ scenario: DialScenario; sources: PlannedSources }> {
  if (here) checkDevice(options)
  let sources: PlannedSources | undefined
  // The fixed seed makes repeated plans identical.
  const scenario = await draftDial({ seed: 0, ...options }, facts, async (specs, needs) => {
    if (here) checkZones(needs.targets)
    // Without --source the specs name the device, whose addresses on another host are unknown.
    const known = here || options.source !== undefined ? specs : []
    sources = await planSources(known, needs, here)
    return sources.ranges
  })
  return { scenario, sources: sources as PlannedSources }
}

/** A scenario as asked for, fit to be run or not. */
import type { HostFacts } from '../host/facts.js'
import type { DialOptions } from '../scenario/options.js'
import { type DialScenario, draftDial } from '../scenario/scenario.js'
import { type PlannedSources, planSources } from './planned_sources.js'

/**
 * Drafts the scenario and finds its sources.
 * @param here whether it is for this host
 * @throws C1mError for options that make no sense
 */
export async function draftPlan(
  options: DialOptions,
  facts: HostFacts,
  here: boolean
): Promise<{ scenario: DialScenario; sources: PlannedSources }> {
  let sources: PlannedSources | undefined
  const scenario = await draftDial(options, facts, async (specs, needs) => {
    sources = await planSources(specs, needs, here)
    return sources.ranges
  })
  return { scenario, sources: sources as PlannedSources }
}

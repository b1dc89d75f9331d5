/** The first part of a dial: from its options to an engine that has begun to connect. */
import { tableRules } from '../engine/descriptor_tables.js'
import { Engine } from '../engine/engine.js'
import { type HostFacts, readHostFacts } from '../host/facts.js'
import { TimeWaitWatch } from '../observe/time_wait.js'
import type { DialOptions } from '../scenario/options.js'
import { type DialScenario, resolveDial } from '../scenario/scenario.js'
import { endsInProcess } from '../scenario/self_dial.js'
import { checkSharedTable, checkTables, tableLimit } from '../scenario/tables.js'
import { type Baseline, readBaseline } from './dial_result.js'
import { engineConfig } from './engine_config.js'

/** A dial at its first connection. */
export interface PreparedDial {
  scenario: DialScenario
  baseline: Baseline
  engine: Engine
  /** When the first connection was due, as `performance.now()` counts. */
  startedMs: number
  /** In a churn. */
  timeWaits: TimeWaitWatch | null
}

/**
 * Prepares and starts the engine. One that is stopped meanwhile opens nothing, and ends as any other.
 * @param stopping ends the waiting for names and files, with its reason
 * @throws C1mError for options, targets and limits with which nothing can be run
 */
export async function prepareDial(options: DialOptions, stopping: AbortSignal): Promise<PreparedDial> {
  const facts = readHostFacts({ brief: true })
  const scenario = await resolveDial(options, facts, stopping)
  options.signal?.throwIfAborted()
  checkDescriptors(scenario, facts)
  const baseline = readBaseline(facts, scenario.rate.length > 0)
  const timeWaits = scenario.churn ? new TimeWaitWatch() : null
  const startedMs = performance.now()
  const engine = new Engine(engineConfig(scenario))
  if (!stopping.aborted) engine.start()
  return { scenario, baseline, engine, startedMs, timeWaits }
}

/** What only the addon knows: whether the plan of the scenario, many descriptor tables, can be had here. */
function checkDescriptors(scenario: DialScenario, { limits }: HostFacts): void {
  const rules = tableRules()
  if (rules === null) return
  const { connections, workers } = scenario
  const ends = endsInProcess(scenario)
  if (rules.privateTables)
    checkTables(connections, ends, tableLimit(limits, rules) ?? Number.POSITIVE_INFINITY)
  else checkSharedTable(connections, ends, workers, rules.descriptorLimit)
}

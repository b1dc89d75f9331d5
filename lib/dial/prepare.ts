/** The first part of a dial: from its options to an engine that has begun to connect. */
import { tableRules } from '../engine/descriptor_tables.js'
import { Engine } from '../engine/engine.js'
import type { ListeningSocket } from '../engine/sockets.js'
import { type HostFacts, readHostFacts } from '../host/facts.js'
import { ownAddresses } from '../net/local_addresses.js'
import { isTargetHere } from '../observe/peer_place.js'
import { TimeWaitWatch } from '../observe/time_wait.js'
import type { DialOptions } from '../scenario/options.js'
import { type DialScenario, resolveDial } from '../scenario/scenario.js'
import { endsInProcess } from '../scenario/self_dial.js'
import { checkSharedTable, checkTables, tableLimit } from '../scenario/tables.js'
import { type Baseline, readBaseline } from './dial_result.js'
import { engineConfig } from './engine_config.js'

/** A dial that is about to open its first connection. */
export interface PreparedDial {
  scenario: DialScenario
  baseline: Baseline
  engine: Engine
  /** When the first connection was due, as `performance.now()` counts. */
  startedMs: number
  /** Only in a churn. */
  timeWaits: TimeWaitWatch | null
}

/**
 * Prepares and starts the engine. If the run is stopped meanwhile, it opens nothing and ends normally.
 * @param stopping ends the wait for names and files, with its reason
 * @throws C1mError for options, targets and limits with which nothing can be run
 */
export async function prepareDial(options: DialOptions, stopping: AbortSignal): Promise<PreparedDial> {
  const facts = readHostFacts({ brief: true })
  const scenario = await resolveDial(options, facts, stopping)
  options.signal?.throwIfAborted()
  checkDescriptors(scenario, facts)
  const listeners = await listenersHere(scenario)
  const baseline = { ...readBaseline(facts, scenario.rate.length > 0), listeners }
  const timeWaits = scenario.churn ? new TimeWaitWatch() : null
  const startedMs = performance.now()
  const engine = new Engine(engineConfig(scenario))
  if (!stopping.aborted) engine.start()
  return { scenario, baseline, engine, startedMs, timeWaits }
}

/**
 * The listening sockets of this network namespace, if a target of the run may be one of them: each counts its own drops,
 * and those before the run must not count. Takes a tenth of a millisecond. The run's own listeners start at zero.
 */
async function listenersHere({ selfDial, targets }: DialScenario): Promise<ListeningSocket[] | null> {
  if (selfDial) return []
  const own = [...ownAddresses()]
  if (!targets.some((target) => isTargetHere(target, own))) return null
  try {
    const { readListeners } = await import('../engine/sockets.js')
    return await readListeners([])
  } catch {
    // The diagnosis asks again and reports the refusal.
    return null
  }
}

/** Checks what only the addon knows: whether the process may have as many descriptor tables as the scenario needs. */
function checkDescriptors(scenario: DialScenario, { limits }: HostFacts): void {
  const rules = tableRules()
  if (rules === null) return
  const { connections, workers } = scenario
  const ends = endsInProcess(scenario)
  if (rules.privateTables)
    checkTables(connections, ends, tableLimit(limits, rules) ?? Number.POSITIVE_INFINITY)
  else checkSharedTable(connections, ends, workers, rules.descriptorLimit)
}

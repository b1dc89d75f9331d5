/** Why a dial went as it did: its outcome held against the kernel's counters. */
import type { Census } from './census.js'
import { censusView } from './census_summary.js'
import { explainFindings, isPeerHere } from './checks/index.js'
import type { Baseline, DialOutcome } from './dial_result.js'
import type { EngineCounters } from './engine.js'
import { type CounterChanges, counterDeltas, readCounters } from './host/counters.js'
import { readHostFacts } from './host/facts.js'
import type { Finding } from './result.js'
import type { DialScenario } from './scenario.js'
import { ownAddresses } from './targets.js'

/** What moved on this host since the run began, and what that means. */
export interface Diagnosis {
  counters: CounterChanges
  findings: Finding[]
}

/** Reads the host's counters and facts anew and judges the run so far; a few milliseconds. */
export function diagnose(
  scenario: DialScenario,
  baseline: Baseline,
  outcome: DialOutcome,
  engine: EngineCounters,
  census: Census | null
): Diagnosis {
  const counters = readCounters()
  const deltas = counterDeltas(baseline.counters, counters)
  const isSelf = scenario.targets.length === 0
  const findings = explainFindings({
    facts: { before: baseline.facts, after: readHostFacts() },
    counters,
    deltas,
    run: outcome,
    scenario,
    needs: null,
    peerIsHere: isSelf || isPeerHere(scenario.targets, [...ownAddresses()]),
    listeners: [],
    server: isSelf
      ? { accepted: engine.accepted, queued: Math.max(0, engine.established - engine.accepted) }
      : null,
    census: census && censusView(census, deltas),
    latencies: []
  })
  return { counters: deltas, findings }
}

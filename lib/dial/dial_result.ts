/** From what a dial left behind to the one object that tells of it. */
import { version } from '../base/version.js'
import type { Engine, EngineCounters } from '../engine/engine.js'
import type { Counters } from '../host/counter_files.js'
import { noteCounters } from '../host/counters.js'
import type { HostFacts } from '../host/facts.js'
import { resultHost } from '../host/result_host.js'
import { type MemoryReading, memoryUse, readMemory } from '../host/usage.js'
import { type Churn, type RunResult, SCHEMA, type SeriesPoint, type TimeWaits } from '../result/result.js'
import type { DialScenario } from '../scenario/scenario.js'
import { exchanged, wrongAnswerOf } from './talk_result.js'

/** The host and this process before the first connection. */
export interface Baseline {
  startedAt: string
  facts: HostFacts
  counters(): Counters
  memory: MemoryReading
  cpu: NodeJS.CpuUsage
}

export function readBaseline(facts: HostFacts): Baseline {
  return {
    startedAt: new Date().toISOString(),
    facts,
    counters: noteCounters(),
    cpu: process.cpuUsage(),
    memory: readMemory()
  }
}

/** A dial as far as it has come. */
export interface DialTrace {
  scenario: DialScenario
  baseline: Baseline
  engine: Engine
  counters: EngineCounters
  /** In a churn. */
  timeWaits: TimeWaits | null
  series: readonly SeriesPoint[]
  /** Whether a churn ended before its time. */
  endedEarly: boolean
  holdSeconds: number
  totalSeconds: number
}

/** The part of the result that says what became of the connections; complete at any moment of the run. */
export type DialOutcome = Pick<
  RunResult,
  | 'connections'
  | 'errors'
  | 'timing'
  | 'connectLatency'
  | 'pacing'
  | 'exchange'
  | 'wrongAnswer'
  | 'exchangeLatency'
  | 'churn'
  | 'retransmits'
  | 'process'
  | 'series'
>

export function dialOutcome(trace: DialTrace): DialOutcome {
  const { scenario, baseline, engine, counters, series, ...times } = trace
  const { dialingNs, dialedPeak, tables, privateTables } = engine.status()
  const errors = engine.errors()
  const cpu = process.cpuUsage(baseline.cpu)
  const dialSeconds = dialingNs / 1e9
  const lateness = scenario.rate.length === 0 ? null : engine.latency('lateness')
  return {
    connections: {
      requested: scenario.connections,
      attempted: counters.attempted,
      established: counters.established,
      failed: counters.failed,
      peak: dialedPeak,
      closedByPeer: counters.dialedClosedByPeer,
      skippedPorts: counters.skippedPorts
    },
    errors,
    timing: {
      dialSeconds,
      connectsPerSecond: perSecond(counters.established, dialSeconds),
      holdSeconds: times.holdSeconds,
      totalSeconds: times.totalSeconds
    },
    connectLatency: { ...engine.latency('connect'), withoutSynRetry: engine.latency('connectFirstTry') },
    pacing: lateness && { unit: 'us', p50: lateness.p50, p99: lateness.p99, max: lateness.max },
    exchange: scenario.exchange && exchanged(counters, errors, engine.earlyEnds()),
    wrongAnswer: scenario.exchange && wrongAnswerOf(engine),
    exchangeLatency: scenario.exchange?.expectBytes ? engine.latency('exchange') : null,
    churn: churned(trace, dialSeconds),
    retransmits: {
      syn: counters.synRetransmits,
      connectionsWithSynRetry: counters.connectionsWithSynRetry,
      segments: null,
      connectionsWithRetransmit: null
    },
    process: {
      cpuSeconds: (cpu.user + cpu.system) / 1e6,
      workers: scenario.workers,
      tables,
      privateTables
    },
    series: [...series]
  }
}

/** 0 of a run that was stopped before it began. */
function perSecond(count: number, seconds: number): number {
  return seconds > 0 ? count / seconds : 0
}

function churned({ engine, counters, timeWaits, endedEarly }: DialTrace, dialSeconds: number): Churn | null {
  if (timeWaits === null) return null
  const { shortestRestNs } = engine.status()
  return {
    transactions: counters.transactions,
    transactionsPerSecond: perSecond(counters.transactions, dialSeconds),
    timeWait: timeWaits,
    endedEarly,
    tupleRestSeconds: shortestRestNs === 0 ? null : shortestRestNs / 1e9
  }
}

/** What the kernel said of the outcome, and what that means. */
export type Explanation = Pick<RunResult, 'counters' | 'findings' | 'census' | 'unavailable'>

/** The one object at the end: the outcome with its host, its cost and its causes. */
export function dialResult(
  { scenario, baseline }: Pick<DialTrace, 'scenario' | 'baseline'>,
  { series, process, ...outcome }: DialOutcome,
  memoryAtPeak: MemoryReading,
  { counters, findings, census, unavailable }: Explanation
): RunResult {
  return {
    schema: SCHEMA,
    version,
    startedAt: baseline.startedAt,
    scenario,
    host: resultHost(baseline.facts),
    ...outcome,
    retransmits: {
      ...outcome.retransmits,
      segments: census?.retransmits.segments ?? null,
      connectionsWithRetransmit: census?.retransmits.connections ?? null
    },
    census,
    memory: memoryUse(baseline.memory, memoryAtPeak, outcome.connections.peak),
    process,
    counters,
    findings,
    unavailable,
    series
  }
}

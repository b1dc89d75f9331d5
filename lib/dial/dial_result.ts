/** Builds the result of a dial. */
import { version } from '../base/version.js'
import type { Engine, EngineCounters, ErrorTally } from '../engine/engine.js'
import type { NativeEarlyEnd } from '../engine/native_endings.js'
import type { ListeningSocket } from '../engine/sockets.js'
import type { Counters } from '../host/counter_files.js'
import { type CpuReading, cpuBetween, readCpu } from '../host/cpu_use.js'
import type { HostFacts } from '../host/facts.js'
import { resultHost } from '../host/result_host.js'
import { type MemoryReading, memoryUse, readMemory } from '../host/usage.js'
import { noteCounters } from '../observe/counters.js'
import { aliveOf, type ProofView } from '../observe/proof_view.js'
import {
  type Churn,
  type RunResult,
  SCHEMA,
  type SeriesPoint,
  type TargetTotals,
  type TimeWaits
} from '../result/result.js'
import type { DialScenario } from '../scenario/scenario.js'
import { exchanged, wrongAnswerOf } from './talk_result.js'

/** The host and this process before the first connection. */
export interface Baseline {
  startedAt: string
  facts: HostFacts
  counters(): Counters
  /** Listening sockets of this network namespace; null if the targets are elsewhere, or the kernel refuses to tell. */
  listeners: readonly ListeningSocket[] | null
  memory: MemoryReading
  cpu: CpuReading
}

/** @param paced whether connections start at a given rate: then the CPU time that other processes take matters */
export function readBaseline(facts: HostFacts, paced = false): Baseline {
  return {
    startedAt: new Date().toISOString(),
    facts,
    counters: noteCounters(),
    listeners: null,
    cpu: readCpu(paced),
    memory: readMemory()
  }
}

/** The state of a dial so far. */
export interface DialTrace {
  scenario: DialScenario
  baseline: Baseline
  engine: Engine
  counters: EngineCounters
  /** Most frequent first. */
  errors: readonly ErrorTally[]
  /** Connections that ended before their time. */
  early: readonly NativeEarlyEnd[]
  /** When the last handshake had ended; null while the run dials. */
  cpuAtRampEnd: CpuReading | null
  /** In a churn. */
  timeWaits: TimeWaits | null
  targets: TargetTotals[]
  series: readonly SeriesPoint[]
  /** Whether a churn ended early because every exchange failed. */
  endedEarly: boolean
  holdSeconds: number
  totalSeconds: number
  /** Evidence that held connections are alive; null if none are held. */
  proof: ProofView | null
}

/** The part of the result about the connections; complete at any moment of the run. */
export type DialOutcome = Pick<
  RunResult,
  | 'connections'
  | 'targets'
  | 'errors'
  | 'timing'
  | 'connectLatency'
  | 'pacing'
  | 'exchange'
  | 'wrongAnswer'
  | 'exchangeLatency'
  | 'churn'
  | 'retransmits'
  | 'staleAnswers'
  | 'alive'
  | 'process'
  | 'series'
> & {
  /** Connections that ended before their time. */
  early: readonly NativeEarlyEnd[]
}

export function dialOutcome(trace: DialTrace): DialOutcome {
  const { scenario, baseline, engine, counters, targets, series, ...times } = trace
  const errors = [...trace.errors]
  const { dialingNs, dialedPeak, tables, privateTables } = engine.status()
  const cpu = readCpu(trace.cpuAtRampEnd === null && scenario.rate.length > 0)
  const dialSeconds = dialingNs / 1e9
  const lateness = scenario.rate.length === 0 ? null : engine.latency('lateness')
  return {
    early: trace.early,
    connections: {
      requested: scenario.connections,
      attempted: counters.attempted,
      established: counters.established,
      failed: counters.failed,
      peak: dialedPeak,
      closedByPeer: counters.dialedClosedByPeer,
      skippedPorts: counters.skippedPorts
    },
    targets,
    errors,
    timing: {
      dialSeconds,
      connectsPerSecond: perSecond(counters.established, dialSeconds),
      holdSeconds: times.holdSeconds,
      totalSeconds: times.totalSeconds
    },
    connectLatency: {
      ...engine.distribution('connect'),
      withoutSynRetry: engine.distribution('connectFirstTry')
    },
    pacing: lateness && { unit: 'us', p50: lateness.p50, p99: lateness.p99, max: lateness.max },
    exchange: scenario.exchange && exchanged(counters, errors, trace.early),
    wrongAnswer: scenario.exchange && wrongAnswerOf(engine),
    exchangeLatency: awaitsAnswers(scenario) ? engine.distribution('exchange') : null,
    churn: churned(trace, dialSeconds),
    retransmits: {
      syn: counters.synRetransmits,
      connectionsWithSynRetry: counters.connectionsWithSynRetry,
      firstSynAnswered: counters.firstSynAnswered,
      repeatedSynAnswered: counters.repeatedSynAnswered,
      segments: null,
      connectionsWithRetransmit: null
    },
    staleAnswers: {
      established: counters.handshakesAnsweredStale,
      timedOut: counters.timeoutsAnsweredStale,
      pending: counters.pendingAnsweredStale
    },
    alive: trace.proof && aliveOf(trace.proof),
    process: {
      cpuSeconds: cpuBetween(baseline.cpu, cpu).cpuSeconds,
      dialing: cpuBetween(baseline.cpu, trace.cpuAtRampEnd ?? cpu),
      workers: scenario.workers,
      tables,
      privateTables
    },
    series: [...series]
  }
}

/** Whether the exchange waits for an answer. */
export function awaitsAnswers({ exchange }: DialScenario): boolean {
  return Boolean(exchange?.expectBytes)
}

/** 0 for a run that was stopped before it began. */
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

/** Counters, findings and census that explain the outcome. */
export type Explanation = Pick<RunResult, 'counters' | 'findings' | 'census' | 'unavailable'>

/** What is known only at the end of the run. */
export type Ending = Explanation & Pick<RunResult, 'interrupted' | 'events'>

/** The complete result: the outcome with the host, the cost and the findings. */
export function dialResult(
  { scenario, baseline }: Pick<DialTrace, 'scenario' | 'baseline'>,
  { series, process, alive, early: _, ...outcome }: DialOutcome,
  memoryAtPeak: MemoryReading,
  { counters, findings, census, unavailable, interrupted, events }: Ending
): RunResult {
  return {
    schema: SCHEMA,
    version,
    startedAt: baseline.startedAt,
    scenario,
    host: resultHost(baseline.facts),
    interrupted,
    ...outcome,
    retransmits: {
      ...outcome.retransmits,
      segments: census?.retransmits.segments ?? null,
      connectionsWithRetransmit: census?.retransmits.connections ?? null
    },
    alive,
    census,
    memory: memoryUse(baseline.memory, memoryAtPeak, outcome.connections.peak),
    process,
    counters,
    findings,
    unavailable,
    events,
    series
  }
}

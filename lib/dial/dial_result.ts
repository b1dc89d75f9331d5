/** From what a dial left behind to the one object that tells of it. */
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
  /** Listening sockets of this network namespace; null when the run does not end here, or the kernel does not tell. */
  listeners: readonly ListeningSocket[] | null
  memory: MemoryReading
  cpu: CpuReading
}

/** @param paced whether connections are to start at a rate: then it matters what keeps them from it */
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

/** A dial as far as it has come. */
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
  /** Whether a churn ended before its time. */
  endedEarly: boolean
  holdSeconds: number
  totalSeconds: number
  /** What showed whether held connections are alive; null when none are held. */
  proof: ProofView | null
}

/** The part of the result that says what became of the connections; complete at any moment of the run. */
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

/** Whether what is sent has an answer to wait for. */
export function awaitsAnswers({ exchange }: DialScenario): boolean {
  return Boolean(exchange?.expectBytes)
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

/** What is known of it only when it is over. */
export type Ending = Explanation & Pick<RunResult, 'interrupted' | 'events'>

/** The one object at the end: the outcome with its host, its cost and its causes. */
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

/** A run at one moment. */
import type { Engine, ErrorTally } from '../engine/engine.js'
import type { CensusSummary } from '../result/census_result.js'
import type { Finding } from '../result/finding.js'
import type { IntervalLatencies } from '../result/result.js'
import { IntervalLatency, intervalLatencies } from './interval_latency.js'
import type { Sampler } from './sampler.js'

/** What a dial is doing: opening connections (in a churn, to its end), keeping them, ending them, or nothing any more. */
export type DialPhase = 'dialing' | 'holding' | 'closing' | 'done'

/** A dial at one moment; the latencies are those since the snapshot before. */
export interface Snapshot extends IntervalLatencies {
  /** Seconds since the run began. */
  tSeconds: number
  phase: DialPhase
  /** Connections open now. */
  established: number
  /** Connections started so far. */
  attempted: number
  /** Attempts that did not become a connection, so far. */
  failed: number
  /** Handshakes under way now. */
  inFlight: number
  /** Connections established per second since the snapshot before. */
  connectsPerSecond: number
  /** Exchanges completed so far. */
  exchanges: number
  /** In a churn: connections opened, used and closed so far. */
  transactions: number
  /** Transactions completed per second since the snapshot before. */
  transactionsPerSecond: number
  /** Connections the peer has ended, so far. */
  closedByPeer: number
  /** Source ports passed over because another socket held them, so far. */
  skippedPorts: number
  /** Failures so far by phase and code. */
  errors: Omit<ErrorTally, 'example'>[]
  /** Causes named so far, judged anew every half second from the first second on. */
  findings: readonly Finding[]
  /** TCP_INFO of as many connections as `sample` asks for, of about the time of the snapshot before; null without. */
  sample: CensusSummary | null
}

/** Takes the snapshots of one consumer; rates and latencies are relative to its previous snapshot. */
export class Snapshots {
  readonly #engine: Engine
  readonly #sampler: Sampler | null
  readonly #intervals: IntervalLatency
  #lastSeconds = 0
  #last = { established: 0, transactions: 0 }

  /** @param answers whether an answer is awaited */
  constructor(engine: Engine, sampler: Sampler | null, answers: boolean) {
    this.#engine = engine
    this.#sampler = sampler
    this.#intervals = new IntervalLatency(engine, answers)
  }

  take(tSeconds: number, phase: DialPhase, findings: readonly Finding[]): Snapshot {
    const counters = this.#engine.counters()
    const seconds = tSeconds - this.#lastSeconds
    const perSecond = (name: 'established' | 'transactions') =>
      seconds > 0 ? Math.round((counters[name] - last[name]) / seconds) : 0
    const last = this.#last
    this.#lastSeconds = tSeconds
    this.#last = counters
    return {
      tSeconds: Number(tSeconds.toFixed(3)),
      phase,
      established: counters.dialedOpen,
      attempted: counters.attempted,
      failed: counters.failed,
      inFlight: Math.max(0, counters.attempted - counters.established - counters.failed),
      connectsPerSecond: perSecond('established'),
      ...intervalLatencies(this.#intervals.take()),
      exchanges: counters.exchanges,
      transactions: counters.transactions,
      transactionsPerSecond: perSecond('transactions'),
      closedByPeer: counters.dialedClosedByPeer,
      skippedPorts: counters.skippedPorts,
      errors: this.#engine.errors().map(({ phase, code, count }) => ({ phase, code, count })),
      findings,
      sample: this.#sampler?.take() ?? null
    }
  }
}

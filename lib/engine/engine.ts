/** A native run for the rest of the library: promises instead of events, names instead of indices. */

import { C1mError } from '../base/errors.js'
import type { Count } from '../base/quantities.js'
import { formatNumber } from '../base/units.js'
import type { LatencyCount } from '../host/syn_retry_comb.js'
import { type Distribution, inMicroseconds, type Latency } from './latency.js'
import { bucketsOf, inPairs, latencyCounts, type SparseCounts } from './latency_counts.js'
import { type NativeAddon, native } from './native.js'
import type { NativeEarlyEnd, NativeIcmpError, NativeWrongAnswer } from './native_endings.js'
import type {
  NativeCensus,
  NativeCountedLatency,
  NativeLatencyKind,
  NativeProof,
  NativeRun,
  NativeRunConfig,
  NativeStatus,
  ProofAction
} from './native_run.js'
import { errorName, makeThreadPool, startFailure } from './start_failure.js'

/**
 * What a connection was doing when it failed; `accept` is the phase of this process's listeners. In phase `exchange`:
 * `ETIMEDOUT` the answer (or the peer's close) did not come in time, `EBADMSG` another answer came, `ENODATA` the peer
 * closed instead of answering, `ECONNRESET` and `EPIPE` it reset the connection.
 */
export type ErrorPhase = 'socket' | 'bind' | 'connect' | 'timeout' | 'accept' | 'hold' | 'exchange'

/** Failures of one phase with one error code. */
export interface ErrorTally {
  phase: ErrorPhase
  /** errno name, e.g. `ECONNREFUSED`. */
  code: string
  count: Count
  /** One of the failed connections: `source:port > destination:port`. */
  example: string
}

/** The first failure with this phase and code. */
export interface FirstFailure extends Omit<ErrorTally, 'count'> {
  tSeconds: number
}

/** What happened to the connections to one target. */
export interface TargetCounts {
  /** Handshakes that completed. */
  established: Count
  /** Attempts that failed before the handshake completed. */
  failed: Count
  /** Established connections that the peer ended before this side did. */
  closedByPeer: Count
  /** Established connections that ended with a failed exchange. */
  exchangesFailed: Count
}

/** The engine's counters by name; native/engine/measure/counters.h documents them. */
export interface EngineCounters {
  attempted: number
  established: number
  failed: number
  failedAtOnce: number
  dialedOpen: number
  dialedClosedByPeer: number
  skippedPorts: number
  /** Reset in answer to a keepalive probe by a peer that sent nothing after its SYN-ACK. */
  dialedUnknown: number
  /** Given up by the kernel during the hold, or reset in answer to a probe by a peer that was heard before. */
  dialedDead: number
  synRetransmits: number
  connectionsWithSynRetry: number
  handshakesAnsweredStale: number
  timeoutsAnsweredStale: number
  pendingAnsweredStale: number
  firstSynAnswered: number
  repeatedSynAnswered: number
  dialedBytesReceived: number
  dialedBytesSent: number
  exchanges: number
  settledExchanges: number
  transactions: number
  accepted: number
  acceptedOpen: number
  acceptedClosedByPeer: number
  acceptedBytesReceived: number
  acceptedBytesSent: number
}

/** Which connections a census reads. */
export interface CensusRequest {
  /** Connections to allocate room for. Unused memory is never touched and costs nothing. */
  capacity: number
  /** Reads every nth connection of a table, starting at the `offset`-th; 1: all. */
  stride: number
  offset: number
}

/** One run of the native engine, from its first thread to its last. */
export class Engine {
  readonly #addon: NativeAddon
  readonly #run: NativeRun
  readonly #values: Float64Array
  /** Resolves when the handshake and first exchange of every requested connection have ended; never in a churn. */
  readonly ramped: Promise<void>
  /** Resolves when every socket is closed and every thread has ended. */
  readonly closed: Promise<void>
  #listening: readonly string[] | undefined
  #onRamped = () => {}
  #onClosed = () => {}
  #censuses: Promise<unknown> = Promise.resolve()
  #onCensused = () => {}

  /** Stores the configuration; opens nothing yet. */
  constructor(config: NativeRunConfig) {
    this.#addon = native()
    this.#values = new Float64Array(this.#addon.counterNames.length)
    this.ramped = new Promise((resolve) => {
      this.#onRamped = resolve
    })
    this.closed = new Promise((resolve) => {
      this.#onClosed = resolve
    })
    this.#run = new this.#addon.Run(config, (event) => {
      if (event === 'ramped') return this.#onRamped()
      if (event === 'censused') return this.#onCensused()
      this.#run.join()
      this.#onClosed()
    })
  }

  /**
   * Opens the listeners and starts the threads. Call it once, and not after {@link close}.
   * @throws C1mError C1M_LISTEN_FAILED, C1M_RUN_FAILED
   */
  start(): void {
    try {
      makeThreadPool(this.#addon)
      this.#listening = this.#run.start()
    } catch (error) {
      throw startFailure(error, this.#run.errors().find(({ phase }) => phase === 'bind')?.example)
    }
  }

  /** Addresses of the listeners, `address:port`; empty before {@link start}. */
  get listening(): readonly string[] {
    return this.#listening ?? []
  }

  /** Begins to close everything. May be called any number of times. */
  close(): void {
    this.#run.close()
    // Before start() there are no threads, so the run is closed at once.
    if (this.#listening === undefined) this.#onClosed()
  }

  counters(): EngineCounters {
    this.#run.snapshot(this.#values)
    const counters: Record<string, number> = {}
    for (const [i, name] of this.#addon.counterNames.entries()) counters[name] = this.#values[i] ?? 0
    return counters as unknown as EngineCounters
  }

  latency(kind: NativeLatencyKind): Latency {
    return inMicroseconds(this.#run.latency(kind))
  }

  /** A latency with its histogram. */
  distribution(kind: NativeCountedLatency): Distribution {
    return { ...this.latency(kind), buckets: bucketsOf(this.latencyCounts(kind)) }
  }

  /** Connect latencies grouped by similar length, shortest first. */
  connectLatencies(): LatencyCount[] {
    return latencyCounts(this.latencyCounts('connect'))
  }

  /** Number of durations in each bucket so far. */
  latencyCounts(kind: NativeCountedLatency): SparseCounts {
    return inPairs(this.#run.latencyCounts(kind))
  }

  /** What happened to the connections to each target, by index of the target. */
  targets(): TargetCounts[] {
    const figures = this.#run.targets()
    return Array.from({ length: figures.length / 4 }, (_, i) => {
      const [established = 0, failed = 0, closedByPeer = 0, exchangesFailed = 0] = figures.subarray(
        4 * i,
        4 * i + 4
      )
      return { established, failed, closedByPeer, exchangesFailed }
    })
  }

  /** The first failure of each kind, with its time in seconds since the start, earliest first. */
  firstFailures(): FirstFailure[] {
    return this.#run
      .errors()
      .map(({ phase, errno, example, firstNs }) => ({
        tSeconds: firstNs / 1e9,
        phase: phase as ErrorPhase,
        code: errorName(errno),
        example
      }))
      .sort((a, b) => a.tSeconds - b.tSeconds)
  }

  /** Failures by phase and errno, most frequent first. */
  errors(): ErrorTally[] {
    return this.#run
      .errors()
      .map(({ phase, errno, count, example }) => ({
        phase: phase as ErrorPhase,
        code: errorName(errno),
        count,
        example
      }))
      .sort((a, b) => b.count - a.count)
  }

  /** Connections that ended early, by cause. */
  earlyEnds(): NativeEarlyEnd[] {
    return this.#run.earlyEnds()
  }

  /** The first answer that was wrong or incomplete. */
  wrongAnswer(): NativeWrongAnswer | null {
    return this.#run.wrongAnswer()
  }

  /** ICMP errors of failed handshakes, from a sample of them. */
  icmpErrors(): NativeIcmpError[] {
    return this.#run.icmpErrors()
  }

  /**
   * Reads TCP_INFO of connections, one census after the other; null once the run is over.
   * @throws C1mError C1M_RUN_FAILED if there is not enough memory
   */
  census(request: CensusRequest): Promise<NativeCensus | null> {
    const taken = this.#censuses.then(() => this.#takeCensus(request))
    // An error is reported to the caller of this census and must not fail the next one.
    this.#censuses = taken.catch(() => {})
    return taken
  }

  #takeCensus({ capacity, stride, offset }: CensusRequest): Promise<NativeCensus> | null {
    try {
      if (!this.#run.takeCensus(capacity, stride, offset)) return null
    } catch (cause) {
      throw new C1mError(
        'C1M_RUN_FAILED',
        `there is not enough memory for TCP_INFO of ${formatNumber(capacity)} connections`,
        { hint: 'Hold fewer connections at a time, or allow more memory.', cause }
      )
    }
    return new Promise((resolve) => {
      this.#onCensused = () => resolve(this.#run.censusTaken())
    })
  }

  /** Takes one step of a proof that connections are alive, queued with the censuses; null once the run is over. */
  prove(action: ProofAction, { stride = 1, periodMs = 0 } = {}): Promise<NativeProof | null> {
    const proven = this.#censuses.then(() => {
      if (!this.#run.prove(action, stride, periodMs)) return null
      return new Promise<NativeProof>((resolve) => {
        this.#onCensused = () => resolve(this.#run.proven())
      })
    })
    this.#censuses = proven.catch(() => {})
    return proven
  }

  status(): NativeStatus {
    return this.#run.status()
  }
}

/** A native run as the rest of the library sees it: promises instead of events, names instead of places. */

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
 * What a connection was doing when it failed; `accept` where this process listens. In phase `exchange`: `ETIMEDOUT` the
 * answer (or the peer's close) did not come in time, `EBADMSG` another answer came, `ENODATA` the peer closed instead of
 * answering, `ECONNRESET` and `EPIPE` it reset the connection.
 */
export type ErrorPhase = 'socket' | 'bind' | 'connect' | 'timeout' | 'accept' | 'hold' | 'exchange'

/** Failures of one phase with one code. */
export interface ErrorTally {
  phase: ErrorPhase
  /** errno name, e.g. `ECONNREFUSED`. */
  code: string
  count: Count
  /** One connection it happened to: `source:port > destination:port`. */
  example: string
}

/** The first failure of its phase and code. */
export interface FirstFailure extends Omit<ErrorTally, 'count'> {
  tSeconds: number
}

/** What became of the connections to one target. */
export interface TargetCounts {
  /** Handshakes that completed. */
  established: Count
  /** Attempts that did not become a connection. */
  failed: Count
  /** Established connections the peer ended before this side did. */
  closedByPeer: Count
  /** Established connections that ended with a failed exchange. */
  exchangesFailed: Count
}

/** The engine's counters by name; see native/engine/measure/counters.h for their meaning. */
export interface EngineCounters {
  attempted: number
  established: number
  failed: number
  failedAtOnce: number
  dialedOpen: number
  dialedClosedByPeer: number
  skippedPorts: number
  /** Reset, in answer to a keepalive probe, by a peer that was never heard after its SYN-ACK. */
  dialedUnknown: number
  /** Given up by the kernel while they were held, or reset in answer to a probe by a peer heard before. */
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
  /** Connections there is room for. Memory that stays unused is never touched, and costs nothing. */
  capacity: number
  /** Every nth connection of a table, from its `offset`-th on; 1: all. */
  stride: number
  offset: number
}

/** One run of the native engine, from its first thread to its last. */
export class Engine {
  readonly #addon: NativeAddon
  readonly #run: NativeRun
  readonly #values: Float64Array
  /** Resolves when each connection asked for was started and its handshake and first exchange have ended; not in a churn. */
  readonly ramped: Promise<void>
  /** Resolves when every socket is closed and every thread has ended. */
  readonly closed: Promise<void>
  #listening: readonly string[] | undefined
  #onRamped = () => {}
  #onClosed = () => {}
  #censuses: Promise<unknown> = Promise.resolve()
  #onCensused = () => {}

  /** Takes the configuration; opens nothing yet. */
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
   * Opens the listeners and starts the threads. Once, and not after {@link close}.
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

  /** Addresses listened on, `address:port`; none before {@link start}. */
  get listening(): readonly string[] {
    return this.#listening ?? []
  }

  /** Begins to close everything; any number of times. */
  close(): void {
    this.#run.close()
    // Without threads there is nothing to wait for.
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

  /** Connect latencies of about one length each, from the shortest. */
  connectLatencies(): LatencyCount[] {
    return latencyCounts(this.latencyCounts('connect'))
  }

  /** How many durations of the run so far each bucket holds. */
  latencyCounts(kind: NativeCountedLatency): SparseCounts {
    return inPairs(this.#run.latencyCounts(kind))
  }

  /** What became of the connections to each target, by the target's index. */
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

  /** When each kind of failure happened first, seconds since the start, in the order in which they did. */
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

  /** Connections that ended before their time, by cause. */
  earlyEnds(): NativeEarlyEnd[] {
    return this.#run.earlyEnds()
  }

  /** The first answer that was not the expected one, or only a part of it. */
  wrongAnswer(): NativeWrongAnswer | null {
    return this.#run.wrongAnswer()
  }

  /** What ICMP told of failed handshakes, of a sample of them. */
  icmpErrors(): NativeIcmpError[] {
    return this.#run.icmpErrors()
  }

  /**
   * Reads TCP_INFO of connections, one census after the other; null when the run is over.
   * @throws C1mError C1M_RUN_FAILED without the memory for it
   */
  census(request: CensusRequest): Promise<NativeCensus | null> {
    const taken = this.#censuses.then(() => this.#takeCensus(request))
    // One that fails is its caller's concern, not the next one's.
    this.#censuses = taken.catch(() => {})
    return taken
  }

  #takeCensus({ capacity, stride, offset }: CensusRequest): Promise<NativeCensus> | null {
    try {
      if (!this.#run.takeCensus(capacity, stride, offset)) return null
    } catch (cause) {
      throw new C1mError(
        'C1M_RUN_FAILED',
        `there is no memory for TCP_INFO of ${formatNumber(capacity)} connections`,
        { hint: 'Hold fewer at a time, or allow more memory.', cause }
      )
    }
    return new Promise((resolve) => {
      this.#onCensused = () => resolve(this.#run.censusTaken())
    })
  }

  /** Takes a step of a proof that connections are alive, in turn with censuses; null when the run is over. */
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

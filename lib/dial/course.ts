/** The course of a dial: ramp, hold, close, judge. */
import { BestEffort } from '../base/best_effort.js'
import { C1mError } from '../base/errors.js'
import { aborted, delay, newEnd } from '../base/pace.js'
import type { Census } from '../engine/census.js'
import type { Engine, EngineCounters } from '../engine/engine.js'
import { counterDeltas, movedBy } from '../host/counters.js'
import { type CpuReading, readCpu } from '../host/cpu_use.js'
import { type MemoryReading, readMemory } from '../host/usage.js'
import { formatEndpoint } from '../net/address.js'
import { readCounters } from '../observe/counters.js'
import type { Finding } from '../result/finding.js'
import type { RunResult } from '../result/result.js'
import type { DialScenario } from '../scenario/scenario.js'
import { awaitsAnswers, type DialOutcome, dialOutcome, dialResult } from './dial_result.js'
import { Futility } from './futility.js'
import { IntervalLatency } from './interval_latency.js'
import { diagnosisIntervalMs, LazyDiagnosis } from './lazy_diagnosis.js'
import { PeerEndings } from './peer_endings.js'
import type { PreparedDial } from './prepare.js'
import { Proof } from './proof.js'
import { RunEvents } from './run_events.js'
import { Series } from './series.js'
import type { DialPhase } from './snapshot.js'
import { failedExchanges } from './talk_result.js'
import { targetTotals } from './target_totals.js'

/** Interval at which the run reads its counters for the series of the result, in milliseconds. */
const seriesEveryMs = 50

/** The reason with which a run stops at the end of its duration, which is not an interruption. */
export const durationIsOver = Symbol('the duration is over')

export class DialCourse {
  readonly scenario: DialScenario
  readonly engine: Engine
  /** Resolves when the hold begins; rejects when the run ends without one. */
  readonly held: Promise<void>
  /** TCP_INFO at the end of the hold, if the scenario asks for it. */
  census: Census | null = null
  readonly #prepared: PreparedDial
  readonly #series: Series
  readonly #events = new RunEvents()
  readonly #futility = new Futility()
  /** Aborted when every exchange of a churn fails. */
  readonly #futile = newEnd()
  readonly #bestEffort = new BestEffort()
  readonly #diagnosis: LazyDiagnosis
  readonly #proof: Proof | null
  readonly #peerEndings: PeerEndings
  #memoryAtPeak: MemoryReading
  #cpuAtRampEnd: CpuReading | null = null
  #holdSeconds = 0
  #phase: DialPhase = 'dialing'
  #interrupted = false
  #beginHold = () => {}
  #endWithoutHold = () => {}

  constructor(prepared: PreparedDial) {
    this.#prepared = prepared
    this.scenario = prepared.scenario
    this.engine = prepared.engine
    this.#memoryAtPeak = prepared.baseline.memory
    const { churn, holdMs } = this.scenario
    this.#proof =
      churn || holdMs === 0
        ? null
        : new Proof(this.engine, this.scenario, () => synChallenges(prepared), this.#bestEffort)
    this.#peerEndings = new PeerEndings(prepared.engine)
    this.#diagnosis = new LazyDiagnosis(this.scenario, prepared.baseline, this.engine, this.#bestEffort)
    const intervals = new IntervalLatency(this.engine, awaitsAnswers(this.scenario))
    this.#series = new Series(() => intervals.take())
    this.#events.notePhase(0, this.#phase)
    this.held = new Promise((resolve, reject) => {
      this.#beginHold = resolve
      this.#endWithoutHold = () =>
        reject(
          new C1mError('C1M_RUN_OVER', 'the run ended before it held its connections', {
            hint: 'A churn never holds; a run that is closed while it dials ends at once.'
          })
        )
    })
    this.held.catch(() => {})
  }

  get phase(): DialPhase {
    return this.#phase
  }

  #enter(phase: DialPhase): void {
    this.#phase = phase
    this.#events.notePhase(this.seconds(), phase)
  }

  /** Seconds since the first connection was due. */
  seconds(): number {
    return (performance.now() - this.#prepared.startedMs) / 1000
  }

  /** Findings so far. */
  get findings(): readonly Finding[] {
    return this.#diagnosis.findings
  }

  /**
   * Runs the dial to its end. Even after an error no socket stays open and nothing keeps the process alive.
   * @param stopping ends the ramp and the hold
   */
  async run(stopping: AbortSignal): Promise<RunResult> {
    const sampling = setInterval(() => this.#sample(), seriesEveryMs)
    stopping.addEventListener('abort', () => this.#stopPeerEndings(stopping.reason), { once: true })
    const diagnosing = setInterval(() => this.#diagnoseSoFar(), diagnosisIntervalMs)
    try {
      await this.#ramp(stopping)
      if (!this.scenario.churn && !stopping.aborted) await this.#hold(stopping)
      this.#interrupted = stopping.aborted && stopping.reason !== durationIsOver
      await this.#close()
      return await this.#judge()
    } finally {
      clearInterval(sampling)
      clearInterval(diagnosing)
      this.#endWithoutHold()
      this.engine.close()
      await this.engine.closed
    }
  }

  /** The end of a duration stops only this run; a signal or close() may have stopped the peer at the same moment. */
  #stopPeerEndings(reason: unknown): void {
    if (reason === durationIsOver) this.noteEndings(this.engine.counters())
    this.#peerEndings.stop()
  }

  /** Waits until every handshake has succeeded or failed. A churn lasts until it is stopped, or all its exchanges fail. */
  async #ramp(stopping: AbortSignal): Promise<void> {
    await Promise.race([this.engine.ramped, aborted(stopping), aborted(this.#futile.signal)])
    this.#sample()
    this.#diagnosis.noteRampEnd()
    this.#memoryAtPeak = readMemory()
    this.#cpuAtRampEnd = readCpu(this.scenario.rate.length > 0)
  }

  /** Holds the connections until the hold time is over, the run is stopped, or the last connection has ended. */
  async #hold(stopping: AbortSignal): Promise<void> {
    this.#enter('holding')
    this.#beginHold()
    const began = performance.now()
    const heldMs = () => performance.now() - began
    const { holdMs } = this.scenario
    for (let leftMs = holdMs; leftMs > 0 && !stopping.aborted; leftMs = holdMs - heldMs()) {
      if (this.engine.counters().dialedOpen === 0) break
      this.#proof?.tick(heldMs())
      await delay(Math.min(leftMs, seriesEveryMs), stopping)
    }
    this.#holdSeconds = heldMs() / 1000
  }

  /** Reads everything that needs open connections, then closes them. */
  async #close(): Promise<void> {
    await this.#proof?.finish()
    this.#sample()
    if (this.scenario.census)
      this.census = await this.#bestEffort.attempt('the census', () => this.takeCensus())
    await this.#diagnosis.lookForTheLastTime()
    this.#enter('closing')
    this.engine.close()
    await this.engine.closed
    this.#enter('done')
  }

  /** Computes the outcome only now, because a churn goes on until every worker has noticed the end. */
  async #judge(): Promise<RunResult> {
    const outcome = this.#outcome()
    const explanation = await this.#diagnosis.explain(outcome, this.census, this.#proof?.view ?? null)
    this.#events.noteFindings(this.seconds(), explanation.findings)
    return dialResult(this.#prepared, outcome, this.#memoryAtPeak, {
      ...explanation,
      interrupted: this.#interrupted,
      events: this.#events.all(this.engine.firstFailures(), explanation.findings)
    })
  }

  /** TCP_INFO of every connection; null once the run has begun to close them. */
  async takeCensus(): Promise<Census | null> {
    if (this.#phase === 'closing' || this.#phase === 'done') return null
    const { takeCensus } = await import('../engine/census.js')
    return takeCensus(this.engine, this.scenario.connections, (index) => this.#destination(index))
  }

  /** The endpoint with this target index; without targets, one of the run's own listeners. */
  #destination(index: number): string {
    const { targets, selfDial } = this.scenario
    if (selfDial) return this.engine.listening[index] ?? ''
    let left = index
    for (const { address, firstPort, lastPort } of targets) {
      if (left <= lastPort - firstPort) return formatEndpoint(address, firstPort + left)
      left -= lastPort - firstPort + 1
    }
    return ''
  }

  /** Must be called with all counters that a caller is shown, so that the result never says less than a snapshot. */
  noteEndings(counters: EngineCounters): void {
    this.#peerEndings.note(counters)
  }

  #outcome(): DialOutcome {
    const { scenario, baseline, engine, timeWaits } = this.#prepared
    return dialOutcome({
      scenario,
      baseline,
      engine,
      ...this.#peerEndings.untilStop(engine.counters()),
      cpuAtRampEnd: this.#cpuAtRampEnd,
      timeWaits: timeWaits?.totals() ?? null,
      targets: targetTotals(engine.targets(), (index) => this.#destination(index)),
      series: this.#series.points(),
      endedEarly: this.#futile.signal.aborted,
      holdSeconds: this.#holdSeconds,
      totalSeconds: this.seconds(),
      proof: this.#proof?.view ?? null
    })
  }

  async #diagnoseSoFar(): Promise<void> {
    const proof = this.#proof?.view ?? null
    await this.#diagnosis.judgeSoFar(this.seconds() * 1000, () => this.#outcome(), proof)
    this.#events.noteFindings(this.seconds(), this.findings)
  }

  #sample(): void {
    const counters = this.engine.counters()
    const { dialedOpen, established, failed, transactions } = counters
    this.noteEndings(counters)
    if (this.scenario.churn && !this.scenario.keepGoing) this.#noteTransactions(transactions)
    this.#prepared.timeWaits?.sample()
    if (this.#phase !== 'closing') this.#series.add(this.seconds(), dialedOpen, established, failed)
  }

  #noteTransactions(transactions: number): void {
    const failed = failedExchanges(this.engine.errors())
    if (this.phase === 'dialing' && this.#futility.note(this.seconds(), transactions, failed))
      this.#futile.abort()
  }
}

/** SYN-ACKs that have arrived for established connections of this namespace since the run began. */
function synChallenges({ baseline }: PreparedDial): number {
  return movedBy(counterDeltas(baseline.counters(), readCounters()), 'TcpExt.TCPSYNChallenge')
}

/** The course of a dial: ramp, hold, close, judge. */
import { BestEffort } from '../base/best_effort.js'
import { aborted, delay, newEnd } from '../base/pace.js'
import type { Census } from '../engine/census.js'
import type { Engine } from '../engine/engine.js'
import { type MemoryReading, readMemory } from '../host/usage.js'
import { formatEndpoint } from '../net/address.js'
import type { Finding, RunResult } from '../result/result.js'
import type { DialScenario } from '../scenario/scenario.js'
import { type DialOutcome, dialOutcome, dialResult } from './dial_result.js'
import { Futility } from './futility.js'
import { diagnosisIntervalMs, LazyDiagnosis } from './lazy_diagnosis.js'
import type { PreparedDial } from './prepare.js'
import { Series } from './series.js'
import type { DialPhase } from './snapshot.js'
import { failedExchanges } from './talk_result.js'

/** How often the run's own series looks at the counters, in milliseconds. */
const seriesEveryMs = 50

export class DialCourse {
  readonly scenario: DialScenario
  readonly engine: Engine
  phase: DialPhase = 'dialing'
  /** TCP_INFO at the end of the hold, if the scenario asks for it. */
  census: Census | null = null
  readonly #prepared: PreparedDial
  readonly #series = new Series()
  readonly #futility = new Futility()
  /** Aborted when a churn comes to nothing. */
  readonly #futile = newEnd()
  readonly #bestEffort = new BestEffort()
  readonly #diagnosis: LazyDiagnosis
  #memoryAtPeak: MemoryReading
  #holdSeconds = 0

  constructor(prepared: PreparedDial) {
    this.#prepared = prepared
    this.scenario = prepared.scenario
    this.engine = prepared.engine
    this.#memoryAtPeak = prepared.baseline.memory
    this.#diagnosis = new LazyDiagnosis(this.scenario, prepared.baseline, this.engine, this.#bestEffort)
  }

  /** Seconds since the first connection was due. */
  seconds(): number {
    return (performance.now() - this.#prepared.startedMs) / 1000
  }

  /** Causes named so far. */
  get findings(): readonly Finding[] {
    return this.#diagnosis.findings
  }

  /**
   * Runs it to its end. Whatever goes wrong, nothing stays open and nothing keeps the process.
   * @param stopping ends the ramp and the hold
   */
  async run(stopping: AbortSignal): Promise<RunResult> {
    const sampling = setInterval(() => this.#sample(), seriesEveryMs)
    const diagnosing = setInterval(() => this.#diagnoseSoFar(), diagnosisIntervalMs)
    try {
      await this.#ramp(stopping)
      if (!this.scenario.churn) await this.#hold(stopping)
      await this.#close()
      return await this.#judge()
    } finally {
      clearInterval(sampling)
      clearInterval(diagnosing)
      this.engine.close()
      await this.engine.closed
    }
  }

  /** Until every connection was started and has succeeded or failed; a churn goes on until it is stopped, or comes to nothing. */
  async #ramp(stopping: AbortSignal): Promise<void> {
    await Promise.race([this.engine.ramped, aborted(stopping), aborted(this.#futile.signal)])
    this.#sample()
    this.#diagnosis.noteRampEnd()
    this.#memoryAtPeak = readMemory()
  }

  /** Keeps the connections until their time has come, the run is stopped, or the last of them is gone. */
  async #hold(stopping: AbortSignal): Promise<void> {
    this.phase = 'holding'
    const began = performance.now()
    const heldMs = () => performance.now() - began
    const { holdMs } = this.scenario
    for (let leftMs = holdMs; leftMs > 0 && !stopping.aborted; leftMs = holdMs - heldMs()) {
      if (this.engine.counters().dialedOpen === 0) break
      await delay(Math.min(leftMs, seriesEveryMs), stopping)
    }
    this.#holdSeconds = heldMs() / 1000
  }

  /** Reads what only open connections tell, then closes them. */
  async #close(): Promise<void> {
    this.#sample()
    if (this.scenario.census)
      this.census = await this.#bestEffort.attempt('the census', () => this.takeCensus())
    await this.#diagnosis.lookForTheLastTime()
    this.phase = 'closing'
    this.engine.close()
    await this.engine.closed
    this.phase = 'done'
  }

  /** Only now is the outcome known: until every worker has noticed the end, a churn goes on. */
  async #judge(): Promise<RunResult> {
    const outcome = this.#outcome()
    const explanation = await this.#diagnosis.explain(outcome, this.census)
    return dialResult(this.#prepared, outcome, this.#memoryAtPeak, explanation)
  }

  /** TCP_INFO of every connection; null when they are about to be closed, or are. */
  async takeCensus(): Promise<Census | null> {
    if (this.phase === 'closing' || this.phase === 'done') return null
    const { takeCensus } = await import('../engine/census.js')
    return takeCensus(this.engine, this.scenario.connections, (index) => this.#destination(index))
  }

  /** Where connections with this target index go to; without targets, to the run's own listeners. */
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

  #outcome(): DialOutcome {
    const { scenario, baseline, engine, timeWaits } = this.#prepared
    return dialOutcome({
      scenario,
      baseline,
      engine,
      counters: engine.counters(),
      timeWaits: timeWaits?.totals() ?? null,
      series: this.#series.points(),
      endedEarly: this.#futile.signal.aborted,
      holdSeconds: this.#holdSeconds,
      totalSeconds: this.seconds()
    })
  }

  #diagnoseSoFar(): void {
    this.#diagnosis.judgeSoFar(this.seconds() * 1000, () => this.#outcome())
  }

  #sample(): void {
    const { dialedOpen, established, failed, transactions } = this.engine.counters()
    if (this.scenario.churn && !this.scenario.keepGoing) this.#noteTransactions(transactions)
    this.#prepared.timeWaits?.sample()
    if (this.phase !== 'closing') this.#series.add(this.seconds(), dialedOpen, established, failed)
  }

  #noteTransactions(transactions: number): void {
    const failed = failedExchanges(this.engine.errors())
    if (this.phase === 'dialing' && this.#futility.note(this.seconds(), transactions, failed))
      this.#futile.abort()
  }
}

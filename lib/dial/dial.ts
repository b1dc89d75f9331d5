/** `dial`: opens connections, holds or churns them, closes them, and tells what happened. */

import { BestEffort } from '../base/best_effort.js'
import { checkOptions } from '../base/check_options.js'
import { C1mError } from '../base/errors.js'
import { aborted, delay, newEnd, sampled } from '../base/pace.js'
import type { Census } from '../engine/census.js'
import { Engine } from '../engine/engine.js'
import { native } from '../engine/native.js'
import { readHostFacts } from '../host/facts.js'
import { readMemory } from '../host/usage.js'
import { formatEndpoint } from '../net/address.js'
import { TimeWaitWatch } from '../observe/time_wait.js'
import type { RunResult } from '../result/result.js'
import { dialChecks, type SnapshotOptions, snapshotPeriodMs } from '../scenario/options.js'
import { type DialOptions, type DialScenario, resolveDial } from '../scenario/scenario.js'
import { checkSharedTable } from '../scenario/tables.js'
import { type Baseline, type DialTrace, dialOutcome, dialResult, readBaseline } from './dial_result.js'
import { engineConfig } from './engine_config.js'
import { diagnoseEveryMs, LazyDiagnosis } from './lazy_diagnosis.js'
import { Series } from './series.js'
import { type DialPhase, type Snapshot, Snapshots } from './snapshot.js'

/** How often the run's own series looks at the counters, in milliseconds. */
const seriesEveryMs = 50

/**
 * A dial under way. Not thenable: await {@link result}. Disposing of it (`await using`) closes it and waits until its
 * sockets are closed.
 */
export interface DialRun extends AsyncDisposable {
  /**
   * Resolves when the first connection is about to start, or would be had the run not been closed before; rejects like
   * {@link result} when none can.
   */
  readonly started: Promise<DialScenario>
  /**
   * Resolves after the last socket is closed, also when the run was ended early or connections failed; what could not be
   * read or judged is named in `unavailable`. Rejects with a `C1mError` (or the signal's reason) only when nothing could
   * be run: C1M_RUN_STOPPED when it was closed while it waited for a name or a file. Like any promise, it must be
   * awaited; awaiting {@link started} will do.
   */
  readonly result: Promise<RunResult>
  /**
   * Looks at the run every `everyMs` (default 250, at least 1) until it is over; ends at once when nothing could be run.
   * @throws C1mError C1M_OPTION_INVALID, at the call
   */
  snapshots(options?: SnapshotOptions): AsyncIterableIterator<Snapshot>
  /**
   * TCP_INFO of every connection that stands now, as columns; about a microsecond each, on all cores. Once the hold is
   * over, that of its end, if the option `census` asked for it.
   * @throws C1mError C1M_RUN_OVER, and what {@link started} rejects with
   */
  census(): Promise<Census>
  /**
   * Opens no more connections, closes those that are open, and gives {@link result}: what was measured until then. May be
   * called any number of times.
   */
  close(): Promise<RunResult>
}

/**
 * Opens TCP connections as `options` say. Every connection lives in native threads; the event loop stays free.
 * Returns at once and throws nothing: {@link DialRun.started} and {@link DialRun.result} tell what is wrong with `options`.
 */
export function dial(options: DialOptions = {}): DialRun {
  return new Dial(options)
}

/** What is known before the first connection. */
interface Prepared {
  scenario: DialScenario
  baseline: Baseline
}

class Dial implements DialRun {
  readonly #started: Promise<DialScenario>
  readonly #result: Promise<RunResult>
  /** Aborted when the run is to end early. */
  readonly #stopping = newEnd()
  /** Aborted when the result is there, or none will be. */
  readonly #over = newEnd()
  readonly #series = new Series()
  readonly #bestEffort = new BestEffort()
  readonly #abort = () => this.#stop()
  #signal: AbortSignal | undefined
  #awaited = false
  #engine: Engine | undefined
  #phase: DialPhase = 'dialing'
  #startedMs = 0
  #timeWaits: TimeWaitWatch | undefined
  #diagnosis: LazyDiagnosis | undefined
  #census: Census | null = null

  constructor(options: DialOptions) {
    const prepared = this.#prepare(options)
    this.#started = prepared.then(({ scenario }) => scenario)
    this.#result = this.#conduct(prepared)
    // The result rejects with the same; there it is not lost.
    this.#started.catch(() => {})
  }

  get started(): Promise<DialScenario> {
    return this.#start()
  }

  get result(): Promise<RunResult> {
    this.#awaited = true
    return this.#result
  }

  close(): Promise<RunResult> {
    this.#stop()
    return this.result
  }

  #stop(): void {
    this.#stopping.abort(
      new C1mError('C1M_RUN_STOPPED', 'the run was stopped before its first connection', {
        hint: 'It still waited for the name of a target or for a file.'
      })
    )
  }

  snapshots(options?: SnapshotOptions): AsyncGenerator<Snapshot> {
    return this.#snapshots(snapshotPeriodMs(options))
  }

  async *#snapshots(everyMs: number): AsyncGenerator<Snapshot> {
    const scenario = await this.#started.catch(() => null)
    if (!scenario || !this.#engine) return
    const { sample } = scenario
    const sampler = sample > 0 ? new (await import('./sampler.js')).Sampler(this.#engine, sample) : null
    const snapshots = new Snapshots(this.#engine, sampler)
    const take = () => snapshots.take(this.#seconds(), this.#phase, this.#diagnosis?.findings ?? [])
    yield* sampled(everyMs, this.#over.signal, take)
  }

  async census(): Promise<Census> {
    const census = (await this.#takeCensus(await this.#start())) ?? this.#census
    if (census) return census
    throw new C1mError('C1M_RUN_OVER', 'the run is over: no connection stands that a census could read', {
      hint: 'Ask while connections are held, or dial with census: true.'
    })
  }

  /** null when the connections are about to be closed, or are. */
  async #takeCensus(scenario: DialScenario): Promise<Census | null> {
    const engine = this.#engine as Engine
    if (this.#phase === 'closing' || this.#phase === 'done') return null
    const { takeCensus } = await import('../engine/census.js')
    return takeCensus(engine, scenario.connections, (index) => destination(scenario, engine, index))
  }

  /** For a caller who hears here of a run that could not begin, and may leave the result alone. */
  #start(): Promise<DialScenario> {
    this.#awaited = true
    this.#result.catch(() => {})
    return this.#started.then((scenario) => scenario)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop()
    if (this.#awaited) await this.#result.catch(() => {})
    // Nobody else would hear of a run that could not begin.
    else await this.#result
  }

  async #prepare(given: DialOptions): Promise<Prepared> {
    const options = checkOptions('dial', given, dialChecks)
    const { signal } = options
    signal?.throwIfAborted()
    this.#signal = signal
    signal?.addEventListener('abort', this.#abort, { once: true })
    const facts = readHostFacts({ brief: true })
    const scenario = await resolveDial(options, facts, this.#stopping.signal)
    signal?.throwIfAborted()
    checkTable(scenario)
    const baseline = readBaseline(facts)
    if (scenario.churn) this.#timeWaits = new TimeWaitWatch()
    this.#startedMs = performance.now()
    this.#engine = new Engine(engineConfig(scenario))
    // A run that was stopped before it began ends as any other, with nothing opened.
    if (!this.#stopping.signal.aborted) this.#engine.start()
    return { scenario, baseline }
  }

  async #conduct(prepared: Promise<Prepared>): Promise<RunResult> {
    try {
      const { scenario, baseline } = await prepared
      return await this.#run(scenario, baseline, this.#engine as Engine)
    } catch (error) {
      // Stopped while it was prepared, as the caller's signal wanted.
      throw this.#signal?.aborted && isStop(error) ? this.#signal.reason : error
    } finally {
      this.#signal?.removeEventListener('abort', this.#abort)
      this.#over.abort()
    }
  }

  async #run(scenario: DialScenario, baseline: Baseline, engine: Engine): Promise<RunResult> {
    const sampler = setInterval(() => this.#sample(engine), seriesEveryMs)
    if (scenario.durationMs !== null) delay(scenario.durationMs, this.#over.signal).then(() => this.#stop())
    const trace = (holdSeconds: number): DialTrace => ({
      scenario,
      baseline,
      engine,
      counters: engine.counters(),
      timeWaits: this.#timeWaits?.totals() ?? null,
      series: this.#series.points(),
      holdSeconds,
      totalSeconds: this.#seconds()
    })
    const diagnosis = new LazyDiagnosis(scenario, baseline, engine, this.#bestEffort)
    this.#diagnosis = diagnosis
    const judging = setInterval(
      () => diagnosis.judgeSoFar(this.#seconds() * 1000, () => dialOutcome(trace(0))),
      diagnoseEveryMs
    )
    try {
      await Promise.race([engine.ramped, aborted(this.#stopping.signal)])
      this.#sample(engine)
      const memory = readMemory()
      const heldMs = await this.#hold(scenario, engine)
      this.#sample(engine)
      if (scenario.census)
        this.#census = await this.#bestEffort.attempt('the census', () => this.#takeCensus(scenario))
      await diagnosis.lookForTheLastTime()
      this.#phase = 'closing'
      engine.close()
      await engine.closed
      this.#phase = 'done'
      // Only now: until every worker has noticed, a churn goes on.
      const outcome = dialOutcome(trace(heldMs / 1000))
      const explanation = await diagnosis.explain(outcome, this.#census)
      return dialResult({ scenario, baseline }, outcome, memory, explanation)
    } finally {
      // Whatever went wrong, nothing stays open and nothing keeps the process.
      clearInterval(sampler)
      clearInterval(judging)
      engine.close()
      await engine.closed
    }
  }

  /** Keeps the connections until their time has come, the run is stopped, or the last of them is gone. */
  async #hold({ holdMs, churn }: DialScenario, engine: Engine): Promise<number> {
    if (churn) return 0
    this.#phase = 'holding'
    const began = performance.now()
    const { signal } = this.#stopping
    for (let leftMs = holdMs; leftMs > 0 && !signal.aborted; leftMs = began + holdMs - performance.now()) {
      if (engine.counters().dialedOpen === 0) break
      await delay(Math.min(leftMs, seriesEveryMs), signal)
    }
    return performance.now() - began
  }

  #sample(engine: Engine): void {
    const { dialedOpen, established, failed } = engine.counters()
    this.#timeWaits?.sample()
    if (this.#phase !== 'closing') this.#series.add(this.#seconds(), dialedOpen, established, failed)
  }

  #seconds(): number {
    return (performance.now() - this.#startedMs) / 1000
  }
}

function isStop(error: unknown): boolean {
  return error instanceof C1mError && error.code === 'C1M_RUN_STOPPED'
}

/** Where connections with this target index go to: the listeners of a run against itself are its own. */
function destination({ targets }: DialScenario, engine: Engine, index: number): string {
  if (targets.length === 0) return engine.listening[index] ?? ''
  let left = index
  for (const { address, firstPort, lastPort } of targets) {
    if (left <= lastPort - firstPort) return formatEndpoint(address, firstPort + left)
    left -= lastPort - firstPort + 1
  }
  return ''
}

/** What only the addon knows: whether the plan of the scenario, many descriptor tables, can be had here. */
function checkTable({ connections, targets, lanes }: DialScenario): void {
  const { privateTables, descriptorLimit } = native()
  if (!privateTables()) checkSharedTable(connections, targets.length === 0 ? 2 : 1, lanes, descriptorLimit())
}

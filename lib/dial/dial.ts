/** `dial`: opens connections, holds or churns them, closes them, and tells what happened. */
import { checkOptions } from '../base/check_options.js'
import { C1mError } from '../base/errors.js'
import { delay, newEnd, sampled } from '../base/pace.js'
import type { Census } from '../engine/census.js'
import type { RunResult } from '../result/result.js'
import type { DialOptions } from '../scenario/options.js'
import { dialChecks, type SnapshotOptions, snapshotPeriodMs } from '../scenario/options.js'
import type { DialScenario } from '../scenario/scenario.js'
import { DialCourse, durationIsOver } from './course.js'
import { awaitsAnswers } from './dial_result.js'
import { prepareDial } from './prepare.js'
import { type Snapshot, Snapshots } from './snapshot.js'

/**
 * A dial under way. Not thenable: await {@link result}. Disposing of it (`await using`) closes it and waits until its
 * sockets are closed.
 */
export interface DialRun extends AsyncDisposable {
  /**
   * Resolves when the first connection is about to start, or would be if the run had not been closed before; rejects like
   * {@link result} when no connection can start.
   */
  readonly started: Promise<DialScenario>
  /**
   * Resolves when the hold begins: every connection was started, and its handshake (and first exchange) has ended. Rejects
   * with C1M_RUN_OVER when the run ends without a hold, as a churn does and a run that is closed while it dials, and like
   * {@link result} when nothing could be run. Need not be awaited.
   */
  readonly held: Promise<void>
  /**
   * Resolves after the last socket is closed, also when the run ended early or connections failed; `unavailable` lists what
   * could not be read or judged. Rejects with a `C1mError` (or the signal's reason) only when nothing could be run:
   * C1M_RUN_STOPPED when it was closed while it waited for a name or a file. Like any promise, it must be awaited;
   * awaiting {@link started} is enough.
   */
  readonly result: Promise<RunResult>
  /**
   * Yields a snapshot every `everyMs` milliseconds (default 250, at least 1) until the run is over; ends at once when nothing
   * could be run.
   * @throws C1mError C1M_OPTION_INVALID, at the call
   */
  snapshots(options?: SnapshotOptions): AsyncIterableIterator<Snapshot>
  /**
   * TCP_INFO of every open connection, as columns; takes about a microsecond for each, on all cores. After the hold, the
   * census of its end, if the option `census` asked for one.
   * @throws C1mError C1M_RUN_OVER, and what {@link started} rejects with
   */
  census(): Promise<Census>
  /**
   * Opens no more connections, closes those that are open, and returns {@link result}: what was measured until then. May be
   * called any number of times.
   */
  close(): Promise<RunResult>
}

/**
 * Opens TCP connections as `options` say. Native threads handle every connection, so the event loop stays free.
 * Returns at once and never throws: {@link DialRun.started} and {@link DialRun.result} reject if `options` are invalid.
 */
export function dial(options: DialOptions = {}): DialRun {
  return new Dial(options)
}

/** The caller's handle of a dial; {@link DialCourse} does the work. */
class Dial implements DialRun {
  readonly #course: Promise<DialCourse>
  readonly #result: Promise<RunResult>
  /** Aborted by {@link close}, the caller's signal or the end of the duration. */
  readonly #stopping = newEnd()
  /** Aborted when the result is known, or there will be none. */
  readonly #over = newEnd()
  #awaited = false

  constructor(options: DialOptions) {
    this.#course = this.#begin(options)
    this.#result = this.#conduct()
  }

  get started(): Promise<DialScenario> {
    return this.#begun().then(({ scenario }) => scenario)
  }

  get result(): Promise<RunResult> {
    this.#awaited = true
    return this.#result
  }

  get held(): Promise<void> {
    const held = this.#course.then((course) => course.held)
    held.catch(() => {})
    return held
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
    const course = await this.#course.catch(() => null)
    if (!course) return
    const { engine, scenario } = course
    const sampler =
      scenario.sample > 0 ? new (await import('./sampler.js')).Sampler(engine, scenario.sample) : null
    const snapshots = new Snapshots(engine, sampler, awaitsAnswers(scenario))
    const take = () => {
      const snapshot = snapshots.take(course.seconds(), course.phase, course.findings)
      course.noteEndings(engine.counters())
      return snapshot
    }
    yield* sampled(everyMs, this.#over.signal, take)
  }

  async census(): Promise<Census> {
    const course = await this.#begun()
    const census = (await course.takeCensus()) ?? course.census
    if (census) return census
    throw new C1mError('C1M_RUN_OVER', 'the run is over: no connection is left that a census could read', {
      hint: 'Ask while connections are held, or dial with census: true.'
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop()
    if (this.#awaited) await this.#result.catch(() => {})
    // Otherwise the error of a run that could not begin would be lost.
    else await this.#result
  }

  async #begin(given: DialOptions): Promise<DialCourse> {
    const options = checkOptions('dial', given, dialChecks)
    this.#stopWith(options.signal)
    return new DialCourse(await prepareDial(options, this.#stopping.signal))
  }

  async #conduct(): Promise<RunResult> {
    try {
      const course = await this.#course
      const { durationMs } = course.scenario
      if (durationMs !== null)
        delay(durationMs, this.#over.signal).then(() => this.#stopping.abort(durationIsOver))
      return await course.run(this.#stopping.signal)
    } finally {
      this.#over.abort()
    }
  }

  /** Stops the run when the caller's signal is aborted, and forgets the signal when the run is over. */
  #stopWith(signal: AbortSignal | undefined): void {
    signal?.throwIfAborted()
    signal?.addEventListener('abort', () => this.#stopping.abort(signal.reason), {
      once: true,
      signal: this.#over.signal
    })
  }

  /** For callers that learn here that the run could not begin, and need not await the result. */
  #begun(): Promise<DialCourse> {
    this.#awaited = true
    this.#result.catch(() => {})
    return this.#course
  }
}

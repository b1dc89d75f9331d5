/** `dial`: opens connections, holds or churns them, closes them, and tells what happened. */
import { formatEndpoint } from './address.js'
import type { Census } from './census.js'
import type { Diagnostician } from './diagnosis.js'
import { type Baseline, type DialTrace, dialOutcome, dialResult, readBaseline } from './dial_result.js'
import { Engine } from './engine.js'
import { engineConfig } from './engine_config.js'
import { C1mError } from './errors.js'
import { readHostFacts } from './host/facts.js'
import { native } from './native.js'
import { delay, sampled, signalled } from './pace.js'
import { RampHealth } from './ramp_health.js'
import type { Finding, RunResult } from './result.js'
import { type DialOptions, type DialScenario, resolveDial } from './scenario.js'
import { Series } from './series.js'
import { type DialPhase, type Snapshot, Snapshots } from './snapshot.js'
import { checkSharedTable } from './tables.js'
import { TimeWaitWatch } from './time_wait.js'
import { readMemory } from './usage.js'

/** How often the run's own series looks at the counters, in milliseconds. */
const seriesEveryMs = 50

/**
 * How often the kernel's counters are held against the run while it lasts, a few milliseconds each. A lost SYN shows when
 * it comes again, after a second: so each cause is named within two.
 */
const diagnoseEveryMs = 500

/** When that begins: loading what judges takes the CPU of a dial that is about to be over. */
const firstDiagnosisMs = 1000

/** How often while nothing in the run's own counters asks for a cause. */
const diagnoseGoodEveryMs = 5000

/** A dial under way. Not thenable: await {@link result}. */
export interface DialRun extends AsyncDisposable {
  /** Resolves when the first connection is about to start; rejects like {@link result} when none will. */
  readonly started: Promise<DialScenario>
  /**
   * Resolves after the last socket is closed, also when the run was stopped or connections failed; rejects with a
   * `C1mError` (or the signal's reason) only when nothing could be run.
   */
  readonly result: Promise<RunResult>
  /** Looks at the run every `everyMs` (default 250) until it is over; ends at once when nothing could be run. */
  snapshots(options?: { everyMs?: number }): AsyncIterableIterator<Snapshot>
  /**
   * TCP_INFO of every connection that stands now, as columns; about a microsecond each, on all cores. Once the hold is
   * over, that of its end, if the option `census` asked for it.
   * @throws C1mError C1M_RUN_OVER, and what {@link started} rejects with
   */
  census(): Promise<Census>
  /** Closes every connection now; {@link result} tells what was measured until then. */
  stop(): void
}

/**
 * Opens TCP connections as `options` say. Every connection lives in native threads; the event loop stays free.
 * Disposing of the run (`await using`) stops it and waits until its sockets are closed.
 */
export function dial(options: DialOptions = {}): DialRun {
  return new Dial(options)
}

class Dial implements DialRun {
  readonly started: Promise<DialScenario>
  readonly result: Promise<RunResult>
  readonly #stopped = signalled()
  readonly #series = new Series()
  #engine: Engine | undefined
  #phase: DialPhase = 'dialing'
  #startedMs = 0
  #timeWaits: TimeWaitWatch | undefined
  #findings: Finding[] = []
  #census: Census | null = null

  constructor(options: DialOptions) {
    const prepared = this.#prepare(options)
    this.started = prepared.then(({ scenario }) => scenario)
    this.result = this.#conduct(prepared, options.signal)
    // A caller may care about one of the two only.
    this.started.catch(() => {})
    this.result.catch(() => {})
  }

  stop(): void {
    this.#stopped.resolve()
  }

  async *snapshots({ everyMs = 250 }: { everyMs?: number } = {}): AsyncGenerator<Snapshot> {
    const scenario = await this.started.catch(() => null)
    if (!scenario || !this.#engine) return
    const { sample } = scenario
    const sampler = sample > 0 ? new (await import('./sampler.js')).Sampler(this.#engine, sample) : null
    const snapshots = new Snapshots(this.#engine, sampler)
    yield* sampled(everyMs, this.result, () => snapshots.take(this.#seconds(), this.#phase, this.#findings))
  }

  async census(): Promise<Census> {
    const census = (await this.#takeCensus(await this.started)) ?? this.#census
    if (census) return census
    throw new C1mError('C1M_RUN_OVER', 'the run is over: no connection stands that a census could read', {
      hint: 'Ask while connections are held, or dial with census: true.'
    })
  }

  /** null when the connections are about to be closed, or are. */
  async #takeCensus(scenario: DialScenario): Promise<Census | null> {
    const engine = this.#engine as Engine
    if (this.#phase === 'closing' || this.#phase === 'done') return null
    const { takeCensus } = await import('./census.js')
    return takeCensus(engine, scenario.connections, (index) => destination(scenario, engine, index))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stop()
    await this.result.catch(() => {})
  }

  async #prepare(options: DialOptions): Promise<{ scenario: DialScenario; baseline: Baseline }> {
    options.signal?.throwIfAborted()
    const facts = readHostFacts({ brief: true })
    const scenario = await resolveDial(options, facts)
    options.signal?.throwIfAborted()
    checkTable(scenario)
    const baseline = readBaseline(facts)
    if (scenario.churn) this.#timeWaits = new TimeWaitWatch()
    this.#startedMs = performance.now()
    this.#engine = new Engine(engineConfig(scenario))
    return { scenario, baseline }
  }

  async #conduct(prepared: Promise<{ scenario: DialScenario; baseline: Baseline }>, signal?: AbortSignal) {
    const { scenario, baseline } = await prepared
    const engine = this.#engine as Engine
    const sampler = setInterval(() => this.#sample(engine), seriesEveryMs)
    const abort = () => this.stop()
    signal?.addEventListener('abort', abort, { once: true })
    if (scenario.durationMs !== null) delay(scenario.durationMs, engine.closed).then(abort)
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
    // Loaded when first needed: the checks are most of the code, and the ramp wants the CPU.
    let loaded: Promise<Diagnostician> | undefined
    const diagnostician = () => {
      loaded ??= import('./diagnosis.js')
        .then((module) => new module.Diagnostician(scenario, baseline, engine))
        .catch((error) => {
          loaded = undefined
          throw error
        })
      return loaded
    }
    const health = new RampHealth(scenario)
    let judgedMs = 0
    const judgeSoFar = async () => {
      const nowMs = this.#seconds() * 1000
      const patienceMs = health.isGood(engine.counters()) ? diagnoseGoodEveryMs : 0
      if (nowMs < Math.max(firstDiagnosisMs, judgedMs + patienceMs)) return
      judgedMs = nowMs
      const doctor = await diagnostician()
      await doctor.observe()
      if (this.#phase !== 'done') this.#findings = doctor.judge(dialOutcome(trace(0)), null).findings
    }
    // What goes wrong with it goes wrong at the end too, where somebody hears of it.
    const judging = setInterval(() => judgeSoFar().catch(() => {}), diagnoseEveryMs)
    try {
      await Promise.race([engine.ramped, this.#stopped.promise])
      this.#sample(engine)
      const memory = readMemory()
      const heldMs = await this.#hold(scenario)
      this.#sample(engine)
      if (scenario.census) this.#census = await this.#takeCensus(scenario)
      // Nothing can be loaded while we hold the last file the host may open; then it is when all is closed.
      await diagnostician().then(
        (doctor) => doctor.observe(true),
        () => {}
      )
      this.#phase = 'closing'
      engine.close()
      await engine.closed
      this.#phase = 'done'
      // Only now: until every worker has noticed, a churn goes on.
      const outcome = dialOutcome(trace(heldMs / 1000))
      const diagnosis = (await diagnostician()).judge(outcome, this.#census)
      this.#findings = diagnosis.findings
      const census = this.#census && (await import('./census_summary.js')).summarizeCensus(this.#census)
      return dialResult({ scenario, baseline }, outcome, memory, { ...diagnosis, census })
    } finally {
      // Whatever went wrong, nothing stays open and nothing keeps the process.
      clearInterval(sampler)
      clearInterval(judging)
      signal?.removeEventListener('abort', abort)
      engine.close()
      await engine.closed
    }
  }

  /** Keeps the connections until their time has come, or somebody stops the run, or the last of them is gone. */
  async #hold({ holdMs, churn }: DialScenario): Promise<number> {
    if (churn) return 0
    this.#phase = 'holding'
    const began = performance.now()
    if (holdMs > 0) await delay(holdMs, Promise.race([this.#stopped.promise, this.#deserted()]))
    return performance.now() - began
  }

  /** Resolves when no connection is left to hold. */
  async #deserted(): Promise<void> {
    for await (const open of sampled(
      seriesEveryMs,
      this.#stopped.promise,
      () => this.#engine?.counters().dialedOpen
    )) {
      if (open === 0 || this.#phase !== 'holding') return
    }
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

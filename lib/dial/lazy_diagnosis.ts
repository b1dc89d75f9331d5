/** The diagnosis of a dial. It is loaded when it is first needed, and an error in it never costs the result. */
import type { BestEffort } from '../base/best_effort.js'
import type { Census } from '../engine/census.js'
import type { Engine } from '../engine/engine.js'
import type { ProofView } from '../observe/proof_view.js'
import type { Finding } from '../result/finding.js'
import type { DialScenario } from '../scenario/scenario.js'
import { CounterPhases } from './counter_phases.js'
import type { Diagnostician } from './diagnosis.js'
import type { Baseline, DialOutcome, Explanation } from './dial_result.js'
import { RampHealth } from './ramp_health.js'

/**
 * Interval between diagnoses while the run lasts; one takes a few milliseconds. The kernel sends a lost SYN again after a
 * second, so each cause is named within two.
 */
export const diagnosisIntervalMs = 500

/** Time of the first diagnosis. A short dial is over before, and its ramp does not lose a CPU to loading the checks. */
const firstDiagnosisMs = 1000

/** Interval between diagnoses while the run is healthy. */
const healthyDiagnosisIntervalMs = 5000

export class LazyDiagnosis {
  /** Findings so far; at the end those of the result. */
  findings: Finding[] = []
  readonly #scenario: DialScenario
  readonly #baseline: Baseline
  readonly #phases: CounterPhases
  readonly #engine: Engine
  readonly #bestEffort: BestEffort
  readonly #health: RampHealth
  #loaded: Promise<Diagnostician> | undefined
  #judgedMs = 0

  /** @param bestEffort collects what could not be judged */
  constructor(scenario: DialScenario, baseline: Baseline, engine: Engine, bestEffort: BestEffort) {
    this.#scenario = scenario
    this.#baseline = baseline
    this.#phases = new CounterPhases(baseline.counters)
    this.#engine = engine
    this.#bestEffort = bestEffort
    this.#health = new RampHealth(scenario)
  }

  /**
   * To be called every {@link diagnosisIntervalMs}: judges the run so far, when a diagnosis is due. Never rejects: an error
   * here surfaces again in the final diagnosis, which reports it.
   */
  async judgeSoFar(nowMs: number, outcome: () => DialOutcome, proof: ProofView | null): Promise<void> {
    const patienceMs = this.#health.isGood(this.#engine.counters()) ? healthyDiagnosisIntervalMs : 0
    if (nowMs < Math.max(firstDiagnosisMs, this.#judgedMs + patienceMs)) return
    this.#judgedMs = nowMs
    try {
      const diagnostician = await this.#load()
      // The last look reports what went wrong with it.
      await diagnostician.observe().catch(() => {})
      if (!diagnostician.isOver) this.findings = diagnostician.judge(outcome(), null, proof).findings
    } catch {
      // The final diagnosis reports it.
    }
  }

  /** Notes that the last handshake has ended. */
  noteRampEnd(): void {
    this.#phases.noteRampEnd()
  }

  /** Looks at the counters and the server for the last time before the run closes its connections. */
  async lookForTheLastTime(): Promise<void> {
    this.#phases.noteHoldEnd()
    // Loading fails while the run holds the last descriptor the host allows; explain() loads it after the close.
    const diagnostician = await this.#load().catch(() => null)
    if (!diagnostician) return
    await this.#bestEffort.attempt('the accept queues', () => diagnostician.observe(true))
    await this.#bestEffort.attempt('lost segments', () => diagnostician.lookForLoss())
    await this.#bestEffort.attempt('one more connection', () => diagnostician.probe())
  }

  /** Explains the outcome after the close. */
  async explain(outcome: DialOutcome, census: Census | null, proof: ProofView | null): Promise<Explanation> {
    const diagnosis = await this.#bestEffort.attempt('the findings', async () =>
      (await this.#load()).judge(outcome, census, proof)
    )
    const summary =
      census &&
      (await this.#bestEffort.attempt('the census', async () =>
        (await import('../observe/census_summary.js')).summarizeCensus(census)
      ))
    for (const { id, error } of diagnosis?.unjudged ?? []) this.#bestEffort.note(error, `the check for ${id}`)
    if (diagnosis?.unseenDevices) this.#bestEffort.note(diagnosis.unseenDevices, 'the devices on the way')
    this.findings = diagnosis?.findings ?? []
    return {
      counters: diagnosis?.counters ?? this.#phases.changes().all,
      findings: this.findings,
      census: summary,
      unavailable: this.#bestEffort.unavailable
    }
  }

  /** Loaded late, because the checks are most of the code and loading them takes CPU time from the ramp. */
  #load(): Promise<Diagnostician> {
    this.#loaded ??= import('./diagnosis.js')
      .then((module) => new module.Diagnostician(this.#scenario, this.#baseline, this.#phases, this.#engine))
      .catch((error) => {
        this.#loaded = undefined
        throw error
      })
    return this.#loaded
  }
}

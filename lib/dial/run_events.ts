/** The events of a run: phases, first failures and findings, in order of time. */
import type { FirstFailure } from '../engine/engine.js'
import type { Finding } from '../result/finding.js'
import type { RunEvent } from '../result/result.js'
import type { DialPhase } from './snapshot.js'

export class RunEvents {
  readonly #phases: RunEvent[] = []
  /** Seconds since the run began. */
  readonly #named = new Map<string, number>()

  notePhase(tSeconds: number, phase: DialPhase): void {
    this.#phases.push({ tSeconds: rounded(tSeconds), kind: 'phase', name: phase, detail: null })
  }

  /** Notes when each of these findings first appeared. */
  noteFindings(tSeconds: number, findings: readonly Finding[]): void {
    for (const { id } of findings) if (!this.#named.has(id)) this.#named.set(id, tSeconds)
  }

  /**
   * All events.
   * @param findings those of the result; a finding that was withdrawn during the run is not an event
   */
  all(failures: readonly FirstFailure[], findings: readonly Finding[]): RunEvent[] {
    return [
      ...this.#phases,
      ...failures.map(({ tSeconds, phase, code, example }): RunEvent => {
        return { tSeconds: rounded(tSeconds), kind: 'failure', name: `${phase} ${code}`, detail: example }
      }),
      ...findings.map(({ id, title }): RunEvent => {
        return { tSeconds: rounded(this.#named.get(id) ?? 0), kind: 'finding', name: id, detail: title }
      })
    ].sort((a, b) => a.tSeconds - b.tSeconds)
  }
}

function rounded(seconds: number): number {
  return Number(seconds.toFixed(3))
}

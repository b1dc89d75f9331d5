/** The turns of a run, in the order of their times. */
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

  /** Notes when each of these causes was named first. */
  noteFindings(tSeconds: number, findings: readonly Finding[]): void {
    for (const { id } of findings) if (!this.#named.has(id)) this.#named.set(id, tSeconds)
  }

  /**
   * All of them.
   * @param findings those of the result; what was named for a while and then dropped is not among them
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

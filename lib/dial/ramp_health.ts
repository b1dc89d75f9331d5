/** Whether a run goes as it should, by its own counters: a few microseconds, against milliseconds for a diagnosis. */
import type { EngineCounters } from '../engine/engine.js'
import type { DialScenario } from '../scenario/scenario.js'

type Watched = 'attempted' | 'established' | 'failed' | 'connectionsWithSynRetry' | 'dialedClosedByPeer'

export class RampHealth {
  readonly #mostWaiting: number
  readonly #churn: boolean
  #established = 0

  constructor({ window, churn }: Pick<DialScenario, 'window' | 'churn'>) {
    // Handshakes that get no answer stay in the window until it is full of them.
    this.#mostWaiting = window / 2
    this.#churn = churn
  }

  /** Whether connections have risen since this was last asked, with none lost and few that wait. */
  isGood(counters: Pick<EngineCounters, Watched>): boolean {
    const { attempted, established, failed, connectionsWithSynRetry, dialedClosedByPeer } = counters
    const rises = established > this.#established
    this.#established = established
    const lost = failed + connectionsWithSynRetry + (this.#churn ? 0 : dialedClosedByPeer)
    return rises && lost === 0 && attempted - established - failed <= this.#mostWaiting
  }
}

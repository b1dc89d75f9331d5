/** Tells from the run's own counters whether it is healthy: takes microseconds, a diagnosis milliseconds. */
import type { EngineCounters } from '../engine/engine.js'
import type { DialScenario } from '../scenario/scenario.js'

type Watched = 'attempted' | 'established' | 'failed' | 'connectionsWithSynRetry' | 'dialedClosedByPeer'

export class RampHealth {
  readonly #mostWaiting: number
  readonly #churn: boolean
  #established = 0

  constructor({ window, churn }: Pick<DialScenario, 'window' | 'churn'>) {
    // Handshakes without an answer stay in the window until they fill it.
    this.#mostWaiting = window / 2
    this.#churn = churn
  }

  /** Whether the number of connections has grown since the last call, with none lost and few handshakes in flight. */
  isGood(counters: Pick<EngineCounters, Watched>): boolean {
    const { attempted, established, failed, connectionsWithSynRetry, dialedClosedByPeer } = counters
    const rises = established > this.#established
    this.#established = established
    const lost = failed + connectionsWithSynRetry + (this.#churn ? 0 : dialedClosedByPeer)
    return rises && lost === 0 && attempted - established - failed <= this.#mostWaiting
  }
}

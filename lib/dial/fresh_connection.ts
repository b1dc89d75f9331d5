/** One more connection, which tells whether the target still answers those that have not been idle. */
import { delay } from '../base/pace.js'
import { Engine } from '../engine/engine.js'
import type { DialScenario } from '../scenario/scenario.js'
import { engineConfig } from './engine_config.js'

/** How long it may take. */
const patienceMs = 1500

/**
 * Dials one more connection as the scenario says, and makes one exchange on it.
 * @returns whether it was answered; null where none could be dialed
 */
export async function freshConnectionAnswers(scenario: DialScenario): Promise<boolean | null> {
  if (scenario.exchange === null || scenario.selfDial) return null
  const { dial, ...config } = engineConfig({
    ...scenario,
    connections: 1,
    workers: 1,
    rate: [],
    holdMs: 0,
    exchange: { ...scenario.exchange, everyMs: null }
  })
  if (!dial) return null
  const engine = new Engine({ ...config, dial: { ...dial, connectTimeoutMs: patienceMs } })
  const patience = new AbortController()
  try {
    engine.start()
    await Promise.race([engine.ramped, delay(patienceMs, patience.signal)])
    const { attempted, exchanges } = engine.counters()
    return exchanges > 0 ? true : attempted > 0 && !engine.status().tuplesUsedUp ? false : null
  } finally {
    patience.abort()
    engine.close()
    await engine.closed
  }
}

/** Dials one more connection, to see whether the target still answers a connection that was never idle. */
import { delay } from '../base/pace.js'
import type { FreshConnection } from '../checks/context.js'
import { Engine } from '../engine/engine.js'
import type { DialScenario } from '../scenario/scenario.js'
import { engineConfig } from './engine_config.js'

/** Limit for the handshake and the exchange, in milliseconds. */
const patienceMs = 1500

/**
 * Dials one more connection as the scenario says, and makes one exchange on it.
 * @returns what became of it; null where none could be dialed
 */
export async function dialFreshConnection(scenario: DialScenario): Promise<FreshConnection | null> {
  if (scenario.selfDial) return null
  const { dial, ...config } = engineConfig({
    ...scenario,
    connections: 1,
    workers: 1,
    rate: [],
    holdMs: 0,
    exchange: scenario.exchange && { ...scenario.exchange, everyMs: null }
  })
  if (!dial) return null
  const engine = new Engine({ ...config, dial: { ...dial, connectTimeoutMs: patienceMs } })
  const patience = new AbortController()
  try {
    engine.start()
    await Promise.race([engine.ramped, delay(patienceMs, patience.signal)])
    return outcome(engine, scenario.exchange !== null)
  } finally {
    patience.abort()
    engine.close()
    await engine.closed
  }
}

function outcome(engine: Engine, talks: boolean): FreshConnection | null {
  const { attempted, established, exchanges } = engine.counters()
  if ((talks ? exchanges : established) > 0) return 'answered'
  if (engine.errors().some(({ code }) => code === 'ECONNREFUSED')) return 'refused'
  return attempted > 0 && !engine.status().tuplesUsedUp ? 'unanswered' : null
}

/** Translates a scenario into the configuration of the engine. */
import type { NativeListenConfig, NativeRunConfig } from '../engine/native_run.js'
import { nativeExchange } from '../scenario/exchange.js'
import { countDestinations, type DialScenario } from '../scenario/scenario.js'
import { nativeSocketOptions } from '../scenario/socket_options.js'
import { tableLimits } from '../scenario/tables.js'

/** Larger than any batch of connects between two accepts; the kernel caps it at somaxconn. */
const ownBacklog = 65_535

/** The listeners of a self-dial, the same number for each worker. */
export function engineConfig(scenario: DialScenario): NativeRunConfig {
  const { selfDial, workers, sourcePorts, holdMs, exchange, exchangeTimeoutMs, churn, closeBy, ...rest } =
    scenario
  const peerCloses = churn && closeBy === 'server'
  return {
    ...tableLimits,
    workers,
    dial: {
      ...rest,
      sourcePorts: sourcePorts.map(([first, last]) => ({ first, last })),
      socketOptions: nativeSocketOptions(scenario.socketOptions),
      hold: holdMs > 0,
      churn,
      peerCloses,
      ...((exchange || peerCloses) && { exchange: nativeExchange(exchange, exchangeTimeoutMs) })
    },
    ...(selfDial && { listen: ownListener(scenario, peerCloses) })
  }
}

/** Echoes what is sent, unless the listener has to close first. */
function ownListener(scenario: DialScenario, closesFirst: boolean): NativeListenConfig {
  const { exchange, close } = scenario
  const anyPort = { address: '127.0.0.1', firstPort: 0, lastPort: 0 }
  return {
    targets: Array.from({ length: countDestinations(scenario) }, () => anyPort),
    mode: closesFirst ? 'close-first' : exchange ? 'echo' : 'sink',
    backlog: ownBacklog,
    socketOptions: nativeSocketOptions(scenario.socketOptions),
    // The listener resets what the dialer has closed, so that a self-dial leaves no TIME_WAIT behind.
    close: closesFirst ? close : 'rst'
  }
}

/** A scenario as the engine takes it. */
import { nativeExchange } from './exchange.js'
import type { NativeListenConfig, NativeRunConfig } from './native.js'
import type { DialScenario } from './scenario.js'

/** More than any batch of connects between two accepts; the kernel lowers it to somaxconn. */
const ownBacklog = 65_535

/** Without a target the run gets a listener of its own for each lane. */
export function engineConfig(scenario: DialScenario): NativeRunConfig {
  const { lanes, maxTables, sourcePorts, holdMs, exchange, exchangeTimeoutMs, churn, closeBy, ...rest } =
    scenario
  const peerCloses = churn && closeBy === 'server'
  return {
    lanes,
    maxTables,
    dial: {
      ...rest,
      sourcePorts: sourcePorts.map(([first, last]) => ({ first, last })),
      hold: holdMs > 0,
      churn,
      peerCloses,
      ...((exchange || peerCloses) && { exchange: nativeExchange(exchange, exchangeTimeoutMs) })
    },
    ...(scenario.targets.length === 0 && { listen: ownListener(scenario, peerCloses) })
  }
}

/** It answers what is sent, unless it is to close first. */
function ownListener({ exchange, close }: DialScenario, closesFirst: boolean): NativeListenConfig {
  return {
    targets: [{ address: '127.0.0.1', firstPort: 0, lastPort: 0 }],
    mode: closesFirst ? 'close-first' : exchange ? 'echo' : 'sink',
    backlog: ownBacklog,
    // It resets what the dialer has closed, so that a self-contained run leaves no TIME_WAIT behind.
    close: closesFirst ? close : 'rst'
  }
}

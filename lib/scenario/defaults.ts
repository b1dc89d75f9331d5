/** What a dial and a listener do unless asked otherwise. Help and docs print these very values. */
import type { CloseMode, ListenMode } from '../engine/modes.js'
import type { CloseBy } from './churn.js'

export const dialDefaults = {
  connections: 10_000,
  // Measured on loopback, anything from 8 to 4,000 dials alike; this allows 100k/s at a round trip of 10 ms.
  window: 1024,
  connectTimeoutMs: 5000,
  // TCP_SYNCNT takes 1 to 127 (tcp(7)); 0 leaves the kernel's own.
  synRetries: 0,
  holdMs: 0,
  exchangeTimeoutMs: 5000,
  churn: false,
  close: 'fin' as CloseMode,
  closeBy: 'client' as CloseBy,
  keepGoing: false,
  census: false,
  sample: 0,
  authorized: false
}

/** Duration of a churn without a bound of its own, in milliseconds. */
export const churnDurationMs = 10_000

export const listenDefaults = {
  mode: 'sink' as ListenMode,
  // somaxconn since Linux 5.4; a backlog of 64 was measured to stall a fast dialer on SYN retries.
  backlog: 4096,
  close: 'fin' as CloseMode
}

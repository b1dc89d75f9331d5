/** Configurations of a native run, complete and small; `change` may put anything in them. */
import type { NativeDialConfig, NativeListenConfig, NativeSocketOption } from '../../lib/engine/native_run.js'
import { tableLimits } from '../../lib/scenario/tables.js'
import { ownAddress } from './loopback.js'

/** A dial of ten connections to the run's own listener. */
export function dialing(change: Partial<Record<keyof NativeDialConfig, unknown>> = {}): NativeDialConfig {
  const source = ownAddress()
  const config: NativeDialConfig = {
    sources: [{ first: source, last: source }],
    sourcePorts: [{ first: 1024, last: 65_535 }],
    shardIndex: 0,
    shardCount: 1,
    seed: 0,
    targets: [],
    connections: 10,
    window: 16,
    connectTimeoutMs: 1000,
    synRetries: 0,
    rate: [],
    socketOptions: [],
    close: 'fin',
    hold: false,
    churn: false,
    keepGoing: false,
    peerCloses: false
  }
  return { ...config, ...change } as NativeDialConfig
}

/** SO_BINDTODEVICE to a missing device, which the kernel refuses with ENODEV, even to root. */
export const missingDevice: NativeSocketOption = {
  family: 0,
  level: 1,
  name: 25,
  value: Buffer.from('nosuch0')
}

/** Small descriptor tables for a run. */
export const small = { ...tableLimits, workers: 1, maxTables: 2 }

/** A listener on loopback. */
export function listening(
  change: Partial<Record<keyof NativeListenConfig, unknown>> = {}
): NativeListenConfig {
  const config: NativeListenConfig = {
    targets: [{ address: '127.0.0.1', firstPort: 0, lastPort: 0 }],
    mode: 'sink',
    backlog: 100,
    socketOptions: [],
    close: 'rst'
  }
  return { ...config, ...change } as NativeListenConfig
}

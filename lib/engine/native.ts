/** The only file that knows the addon: loads it on first use and says what it looks like from here. */
import { packageRoot } from '../base/package_root.js'
import { loadAddon } from './load_addon.js'
import type { NativeCensusColumn, NativeEvent, NativeRun, NativeRunConfig } from './native_run.js'
import type {
  NativeDevice,
  NativeDropFilter,
  NativeDrops,
  NativeDropTracepoint,
  NativeNeighbourTable,
  NativeNextHop,
  NativePortUse,
  NativeRoute,
  NativeRouteQuery,
  NativeSurvey,
  NativeSurveyOptions
} from './native_sockets.js'

/** The addon's exports. */
export interface NativeAddon {
  counterNames: string[]
  censusColumns: NativeCensusColumn[]
  /** Largest `synRetries` of a census: it means that many or more. */
  mostSynRetries: number
  /** Bytes a connection takes in the buffer of a census. */
  censusRowBytes: number
  /** Soft RLIMIT_NOFILE, raised to the hard one first. */
  descriptorLimit(): number
  /** Whether threads can have descriptor tables of their own here. */
  privateTables(): boolean
  /** Throws an Error with `errno` and `syscall` when so many threads cannot be started now. */
  tryThreads(count: number): void
  /** Takes place on a thread of libuv's pool; rejects with an Error with `errno` and `syscall`. */
  surveySockets(options: NativeSurveyOptions): Promise<NativeSurvey>
  /** Takes place on a thread of libuv's pool; rejects with an Error with `errno` and `syscall`. */
  findPortUse(options: { firstPort: number; lastPort: number; least: number }): Promise<NativePortUse[]>
  /** Throws an Error with `errno` and `syscall`. */
  listDevices(): NativeDevice[]
  /** The next hop of packets to `target`; throws an Error with `errno` and `syscall`. */
  nextHop(target: string, source?: string): NativeNextHop
  /** Throws an Error with `errno` and `syscall`. */
  neighbourTables(): NativeNeighbourTable[]
  /** Nanoseconds at which the buckets of {@link NativeRun.latencyCounts} begin, and where the last one ends. */
  latencyBounds(): Float64Array
  /** Throws an Error with `errno` and `syscall`: `route` where no route leads there, or one forbids the way. */
  findRoute(query: NativeRouteQuery): NativeRoute
  /** A file of tracefs, wherever that is mounted or not; throws an Error with `errno` and `syscall`. */
  readTracefs(path: string): string
  /** Throws an Error with `errno` and `syscall`. */
  Drops: new (
    options: { tracepoint: NativeDropTracepoint } | { filter: NativeDropFilter }
  ) => NativeDrops
  Run: new (config: NativeRunConfig, onEvent: (event: NativeEvent) => void) => NativeRun
}

let addon: NativeAddon | undefined

/**
 * The addon, loaded on the first call.
 * @throws C1mError C1M_NATIVE_UNAVAILABLE when there is none that loads here
 */
export function native(): NativeAddon {
  addon ??= loadAddon(packageRoot) as NativeAddon
  return addon
}

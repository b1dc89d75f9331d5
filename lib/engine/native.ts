/** The only file that loads the addon, on first use. Declares the addon's exports. */
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
  /** Largest `synRetries` of a census; it means that many or more. */
  mostSynRetries: number
  /** Bytes per connection in the buffer of a census. */
  censusRowBytes: number
  /** Raises the soft RLIMIT_NOFILE to the hard one and returns it. */
  descriptorLimit(): number
  /** Whether threads can have descriptor tables of their own here. */
  privateTables(): boolean
  /** Throws an Error with `errno` and `syscall` if this number of threads cannot be started now. */
  tryThreads(count: number): void
  /** Runs on a thread of libuv's pool; rejects with an Error with `errno` and `syscall`. */
  surveySockets(options: NativeSurveyOptions): Promise<NativeSurvey>
  /** Runs on a thread of libuv's pool; rejects with an Error with `errno` and `syscall`. */
  findPortUse(options: { firstPort: number; lastPort: number; least: number }): Promise<NativePortUse[]>
  /** Throws an Error with `errno` and `syscall`. */
  listDevices(): NativeDevice[]
  /** The next hop of packets to `target`; throws an Error with `errno` and `syscall`. */
  nextHop(target: string, source?: string): NativeNextHop
  /** Throws an Error with `errno` and `syscall`. */
  neighbourTables(): NativeNeighbourTable[]
  /** Start of each bucket of {@link NativeRun.latencyCounts} in nanoseconds, then the end of the last one. */
  latencyBounds(): Float64Array
  /** Throws an Error with `errno` and `syscall`; syscall `route`: there is no route, or a route prohibits the address. */
  findRoute(query: NativeRouteQuery): NativeRoute
  /** Reads a file of tracefs, mounted or not; throws an Error with `errno` and `syscall`. */
  readTracefs(path: string): string
  /** Throws an Error with `errno` and `syscall`. */
  Drops: new (
    options: { tracepoint: NativeDropTracepoint } | { filter: NativeDropFilter }
  ) => NativeDrops
  Run: new (config: NativeRunConfig, onEvent: (event: NativeEvent) => void) => NativeRun
}

let addon: NativeAddon | undefined

/**
 * The addon; the first call loads it.
 * @throws C1mError C1M_NATIVE_UNAVAILABLE if there is no addon that loads on this host
 */
export function native(): NativeAddon {
  addon ??= loadAddon(packageRoot) as NativeAddon
  return addon
}

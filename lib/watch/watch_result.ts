import type { Amount, Count, Timestamp } from '../base/quantities.js'
import type { SocketSurvey } from '../engine/sockets.js'
import type { CounterChanges } from '../host/counters.js'
import type { ResultHost } from '../host/result_host.js'
import type { DropSummary } from '../observe/drops.js'
import type { ListenerFill } from '../observe/listener_fill.js'
import type { Finding } from '../result/finding.js'

/** Name and version of the shape of {@link WatchResult}. */
export const WATCH_SCHEMA = 'c1m-native/watch-result@1'

/** The state of connection tracking. */
export interface ConntrackFill {
  /** Entries of this network namespace. */
  entries: Count
  /** Limit of the entries. */
  max: Count | null
  /** Buckets of the host's only hash table. */
  buckets: Count | null
  /** Packets dropped since the watch began because the table was full. */
  dropped: Count
  /** Packets dropped since the watch began because a hash chain was too long. */
  refused: Count
  /** Packets dropped since the watch began because their tuple was taken: a NAT had no free port, or two took one. */
  clashed: Count
}

/** State of a server, now or at the end of the watch. */
export interface WatchView {
  /** Sockets of the watched server; null if the kernel cannot list them. */
  sockets: SocketSurvey | null
  /** null if connection tracking is not loaded. */
  conntrack: ConntrackFill | null
  /** null unless requested, and if it needs more privilege. */
  drops: DropSummary | null
  /** What could not be observed here and why, one sentence each. */
  unavailable: string[]
  /** All findings since the watch began. */
  findings: Finding[]
}

/** A server at one moment. */
export interface WatchSnapshot extends WatchView {
  /** Seconds since the watch began. */
  tSeconds: number
  /** Kernel counters that have moved since the watch began: the change, and the rate since the previous snapshot. */
  counters: Record<string, { delta: number; perSecond: number }>
  /** Listening sockets and their queues now. */
  listeners: ListenerFill[]
  /** Age of {@link WatchView.sockets}: the more sockets there are, the less often they are surveyed. */
  socketsAgeSeconds: number | null
}

/** The listening sockets of one address and port, over the whole watch. */
export interface ListenerPeak {
  /** `address:port`. */
  address: string
  /** Number of sockets that share the address and port. */
  sockets: Count
  backlog: Count
  /** Largest number of connections waiting in one of them. */
  mostQueued: Count
  /** Number of looks that found one of them full. */
  timesFull: Count
  /** SYNs and final ACKs they dropped since the watch began; null if the kernel does not report them. */
  dropped: Count | null
}

/** Result of a watch; `watch-result.schema.json` describes it. */
export interface WatchResult extends WatchView {
  schema: typeof WATCH_SCHEMA
  version: string
  /** Wall-clock time at which the watch began. */
  startedAt: Timestamp
  host: ResultHost
  /** What was watched, as `address:port` or `*:port`; empty: every socket of this network namespace. */
  watched: string[]
  totalSeconds: Amount
  /** Kernel counters that moved. */
  counters: CounterChanges
  listeners: ListenerPeak[]
}

import type { Amount, Count, Timestamp } from '../base/quantities.js'
import type { SocketSurvey } from '../engine/sockets.js'
import type { CounterChanges } from '../host/counters.js'
import type { ResultHost } from '../host/result_host.js'
import type { DropSummary } from '../observe/drops.js'
import type { ListenerFill } from '../observe/listener_fill.js'
import type { Finding } from '../result/finding.js'

/** Name and version of the shape of {@link WatchResult}. */
export const WATCH_SCHEMA = 'c1m-native/watch-result@1'

/** How full connection tracking is. */
export interface ConntrackFill {
  /** Entries of this network namespace. */
  entries: Count
  /** The bound they are held against. */
  max: Count | null
  /** Buckets of the host's one table. */
  buckets: Count | null
  /** Packets dropped since the watch began because the table was full. */
  dropped: Count
  /** Packets dropped since the watch began because a hash chain was too long. */
  refused: Count
  /** Packets dropped since the watch began because their tuple was taken: a NAT had no free port, or two took the same one. */
  clashed: Count
}

/** What is seen of a server, now or at the end. */
export interface WatchView {
  /** Sockets of what is watched; null where the kernel does not tell. */
  sockets: SocketSurvey | null
  /** null where nothing tracks connections. */
  conntrack: ConntrackFill | null
  /** null unless asked for, and where it takes more privilege. */
  drops: DropSummary | null
  /** What cannot be seen here, and why: a sentence each. */
  unavailable: string[]
  /** Causes named since the watch began. */
  findings: Finding[]
}

/** A server at one moment. */
export interface WatchSnapshot extends WatchView {
  /** Seconds since the watch began. */
  tSeconds: number
  /** Kernel counters that have moved since then: by how much, and a second since the snapshot before. */
  counters: Record<string, { delta: number; perSecond: number }>
  /** Listening sockets and their queues, as of now. */
  listeners: ListenerFill[]
  /** How old {@link WatchView.sockets} is: the more sockets there are, the less often all are looked at. */
  socketsAgeSeconds: number | null
}

/** The listening sockets of one address and port, over the whole watch. */
export interface ListenerPeak {
  /** `address:port`. */
  address: string
  /** Sockets that share it. */
  sockets: Count
  backlog: Count
  /** Most connections seen waiting in one of them. */
  mostQueued: Count
  /** How many of the looks found one full. */
  timesFull: Count
  /** SYNs and final ACKs they dropped since the watch began; null where the kernel does not tell. */
  dropped: Count | null
}

/** What a watch leaves behind; `watch-result.schema.json` describes it. */
export interface WatchResult extends WatchView {
  schema: typeof WATCH_SCHEMA
  version: string
  /** Wall-clock time at which the watch began. */
  startedAt: Timestamp
  host: ResultHost
  /** What was watched, `address:port` or `*:port`; empty: every socket of this network namespace. */
  watched: string[]
  totalSeconds: Amount
  /** Kernel counters that moved. */
  counters: CounterChanges
  listeners: ListenerPeak[]
}

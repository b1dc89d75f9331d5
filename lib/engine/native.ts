/** The only file that knows the addon: loads it on first use and says what it looks like from here. */
import { packageRoot } from '../base/package_root.js'
import { loadAddon } from './load_addon.js'
import type { CloseMode, ListenMode } from './modes.js'

/** Numeric addresses from `first` to `last`, both included, of one family. */
export interface NativeAddressRange {
  first: string
  last: string
}

/** One numeric address with the ports from `firstPort` to `lastPort`; port 0 lets the kernel choose. */
export interface NativeTarget {
  address: string
  firstPort: number
  lastPort: number
}

/** What is said on each connection. */
export interface NativeExchangeConfig {
  /** Sent as it is; empty: nothing. */
  send: Uint8Array
  /** The answer begins with these bytes; empty: `expectBytes` counts. */
  expect: Uint8Array
  /** The answer has at least this many bytes; 0 with an empty `expect`: none is awaited. */
  expectBytes: number
  /** Period of the heartbeat; 0: once. */
  everyMs: number
  timeoutMs: number
}

/** One call of setsockopt(2). The numbers are the kernel's. */
export interface NativeSocketOption {
  /** AF_INET or AF_INET6: for sockets of that family only; 0: for any. */
  family: number
  level: number
  name: number
  /** The bytes of the value, in the order of this host. */
  value: Uint8Array
}

/** The dialing half of a run. Checked and complete: the addon only refuses what would be unsafe. */
export interface NativeDialConfig {
  sources: NativeAddressRange[]
  sourcePorts: { first: number; last: number }[]
  /** From 0. */
  shardIndex: number
  shardCount: number
  /** Empty: each worker dials its own listeners. */
  targets: NativeTarget[]
  connections: number
  window: number
  connectTimeoutMs: number
  /** 0: the kernel's default. */
  synRetries: number
  /** Empty: as fast as possible. */
  rate: { atMs: number; perSecond: number }[]
  close: CloseMode
  socketOptions: NativeSocketOption[]
  /** Whether the connections stay open once all are established, so that a close by the peer is noticed. */
  hold: boolean
  /** Each connection is closed after its exchange and replaced; `connections` are open at once. */
  churn: boolean
  /** In a churn: wait for the peer to close first. Needs `exchange`, if only an empty one. */
  peerCloses: boolean
  exchange?: NativeExchangeConfig
}

/** The listening half of a run. */
export interface NativeListenConfig {
  targets: NativeTarget[]
  mode: ListenMode
  backlog: number
  close: CloseMode
  socketOptions: NativeSocketOption[]
}

/** What a run does: dial, listen, or both ends at once. */
export interface NativeRunConfig {
  /** Threads that dial or accept at a time. */
  workers: number
  /** Most descriptor tables the workers may open. */
  maxTables: number
  /** Most descriptors in a table; RLIMIT_NOFILE may allow fewer. */
  descriptorsPerTable: number
  /** Descriptors left to the rest of the process where all threads share its table. */
  reservedInSharedTable: number
  dial?: NativeDialConfig
  listen?: NativeListenConfig
}

/** A distribution in nanoseconds; all 0 when `count` is 0. */
export interface NativeLatency {
  count: number
  meanNs: number
  p50Ns: number
  p90Ns: number
  p99Ns: number
  p999Ns: number
  maxNs: number
}

/** Which distribution: `connectFirstTry` leaves out handshakes whose SYN was repeated. */
export type NativeLatencyKind = 'connect' | 'connectFirstTry' | 'exchange' | 'lateness'

/** Failures of one kind. */
export interface NativeError {
  phase: string
  errno: number
  count: number
  example: string
}

/** Where a run stands. */
export interface NativeStatus {
  /** From the start until the ramp ended, or until now. */
  dialingNs: number
  /**
   * Most connections dialed, and accepted, that were open at one moment: see native/engine/measure/open_count.h.
   */
  dialedPeak: number
  acceptedPeak: number
  /** In a churn: how long a tuple rested at least before it was used again; 0 when none was. */
  shortestRestNs: number
  /** Descriptor tables opened so far. */
  tables: number
  privateTables: boolean
  /** A worker had connections left to open but no tuple. */
  tuplesUsedUp: boolean
  /** A worker had connections left to open but no descriptor. */
  tablesUsedUp: boolean
}

/** One column of a census, in the order in which they lie in its buffer. */
export interface NativeCensusColumn {
  name: string
  /** Of one value; 16 is an address, 8 a double, less an unsigned integer. */
  bytes: number
  /** Bytes of struct tcp_info the kernel must know for the column to mean anything. */
  infoBytes: number
}

/** What a census found. */
export interface NativeCensus {
  /** The columns, one after the other, with room for `capacity` values each. */
  buffer: ArrayBuffer
  capacity: number
  /** Connections in the columns. */
  rows: number
  /** Connections the buffer had no room for. */
  missed: number
  /** Bytes of struct tcp_info this kernel knows; 0 when no connection was read. */
  infoBytes: number
}

/**
 * `ramped`: each handshake and first exchange has ended. `censused`: the census asked for is taken; never after `closed`.
 * `closed`: nothing is left but to call join().
 */
export type NativeEvent = 'ramped' | 'censused' | 'closed'

/** One run of the engine. */
export interface NativeRun {
  /** Starts the threads; returns the addresses listened on. Throws an Error with `errno` and `syscall`. */
  start(): string[]
  /** Begins to close every socket. */
  close(): void
  /** On `closed`: ends the threads, which lets the process exit. */
  join(): void
  /** Writes the counters, in the order of `counterNames`. */
  snapshot(into: Float64Array): void
  latency(kind: NativeLatencyKind): NativeLatency
  /** Connect latencies as pairs, from the shortest: nanoseconds (off by 0.8 % at most), and how many took as long. */
  connectLatencies(): Float64Array
  errors(): NativeError[]
  status(): NativeStatus
  /**
   * Reads TCP_INFO of every `stride`-th connection of each table from its `offset`-th on, into columns of `capacity`
   * values each; `censused` follows. False when the run is over, or the census before was not fetched yet. The memory
   * is the addon's own until then: nobody can take it away from the threads that write to it.
   */
  takeCensus(capacity: number, stride: number, offset: number): boolean
  /** Fetches the census, once, on `censused`; throws where there is none, or it is still being taken. */
  censusTaken(): NativeCensus
}

/** A listening socket. */
export interface NativeListener {
  /** 16 bytes; IPv4 is mapped into IPv6. */
  address: Uint8Array
  port: number
  /** Connections that wait to be accepted. */
  queued: number
  backlog: number
  uid: number
  inode: number
}

/** The sockets of one listening port. */
export interface NativePort {
  port: number
  /** By number of the TCP state. */
  states: number[]
  /** SYN-ACKs sent again, of those in SYN_RECV. */
  synAckRetransmits: number
}

/** Sums over sockets with TCP_INFO. */
export interface NativeSocketFigures {
  sockets: number
  retransmits: number
  withRetransmit: number
  inTimeout: number
  unread: number
  unreadBytes: number
  unacknowledged: number
  unacknowledgedBytes: number
  withoutWindowScaling: number
  withoutSack: number
  withoutTimestamps: number
}

/** Sockets of this network namespace, whoever owns them. */
export interface NativeSurvey {
  listeners: NativeListener[]
  ports: NativePort[]
  /** By number of the TCP state; without the listening ones. */
  states: number[]
  figures: NativeSocketFigures
  roundTrips: NativeLatency
}

/** Ports from `firstPort` to `lastPort`, at one address or at any. */
export interface NativeEnd {
  address?: string
  firstPort: number
  lastPort: number
}

/** Which sockets a survey looks at: any with one of these local ends; all when there are none. */
export interface NativeSurveyOptions {
  local: NativeEnd[]
  listenersOnly: boolean
}

/** The tracepoint skb:kfree_skb; see lib/host/drop_tracepoint.ts. */
export interface NativeDropTracepoint {
  id: number
  filter: string
  locationOffset: number
  reasonOffset: number
  /** 0: this kernel gives no reason. */
  reasonBytes: number
}

/** What a program at the tracepoint keeps. */
export interface NativeDropFilter {
  /** Where this kernel keeps things, in bytes: struct sk_buff, then sock_common, net_device and net. */
  layout: Record<NativeDropLayoutName, number>
  ignoredReasons: number[]
  /** Inode of the network namespace; 0: any. */
  netInode: number
  /** TCP packets from or to one of these; none: every IP packet. */
  ends: NativeEnd[]
}

/** Members the program reads. */
export type NativeDropLayoutName =
  | 'skbProtocol'
  | 'skbHead'
  | 'skbNetworkHeader'
  | 'skbSk'
  | 'skbDev'
  | 'sockNet'
  | 'devNet'
  | 'netInode'

/** Dropped packets counted by reason and call chain. */
export interface NativeDropReport {
  /** `frames`: return addresses less their first 16 bits, from the function that dropped outwards. */
  sites: { reason: number; drops: number; frames: number[] }[]
  /** Drops the kernel had no room to tell of. */
  lost: number
  /** Drops at more sites than are kept apart. */
  others: number
}

/** Counts dropped packets until it is stopped. */
export interface NativeDrops {
  read(): NativeDropReport
  stop(): void
}

/** A network device of this namespace. */
export interface NativeDevice {
  name: string
  /** Set up by the administrator. */
  up: boolean
  /** Up, and with a carrier. */
  carrier: boolean
  /** With the length of the prefix, `198.18.1.1/24`; those of a device that is down as well. */
  addresses: string[]
}

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
  /** Throws an Error with `errno` and `syscall`. */
  listDevices(): NativeDevice[]
  /** The device by which packets to `target` leave; throws an Error with `errno` and `syscall`. */
  routeDevice(target: string, source?: string): string
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

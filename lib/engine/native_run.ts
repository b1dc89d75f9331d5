/** Types of a run of the native engine: its configuration and its results. */

import type { CloseMode, ListenMode } from './modes.js'
import type { NativeEarlyEnd, NativeIcmpError, NativeWrongAnswer } from './native_endings.js'

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

/** The data exchanged on each connection. */
export interface NativeExchangeConfig {
  /** Data to send; empty: nothing. */
  send: Uint8Array
  /** The bytes with which the answer must begin; empty: `expectBytes` decides. */
  expect: Uint8Array
  /** Minimum length of the answer; 0 with an empty `expect`: no answer is awaited. */
  expectBytes: number
  /** Period of the heartbeat; 0: one exchange only. */
  everyMs: number
  timeoutMs: number
}

/** Arguments of one setsockopt(2). The numbers are the kernel's. */
export interface NativeSocketOption {
  /** AF_INET or AF_INET6: only for sockets of that family; 0: for any. */
  family: number
  level: number
  name: number
  /** The bytes of the value, in host byte order. */
  value: Uint8Array
}

/** The dialing half of a run, checked and complete: the addon only refuses values that would be unsafe. */
export interface NativeDialConfig {
  sources: NativeAddressRange[]
  sourcePorts: { first: number; last: number }[]
  /** From 0. */
  shardIndex: number
  shardCount: number
  /** The run begins at this position in the sequence of (address, port) pairs. */
  seed: number
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
  /** Whether the connections stay open after all are established, so that a close by the peer must be noticed. */
  hold: boolean
  /** Closes each connection after its exchange and replaces it; `connections` are open at once. */
  churn: boolean
  /** In a churn without a rate: continues at full speed even if every exchange fails. */
  keepGoing: boolean
  /** In a churn: waits for the peer to close first. Requires `exchange`, possibly an empty one. */
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

/** The configuration of a run: dial, listen, or both. */
export interface NativeRunConfig {
  /** Number of threads that dial or accept at the same time. */
  workers: number
  /** Maximum number of descriptor tables the workers may open. */
  maxTables: number
  /** Maximum number of descriptors per table; RLIMIT_NOFILE may allow fewer. */
  descriptorsPerTable: number
  /** Descriptors reserved for the rest of the process if all threads share its table. */
  reservedInSharedTable: number
  dial?: NativeDialConfig
  listen?: NativeListenConfig
}

/** A distribution in nanoseconds; all values are 0 if `count` is 0. */
export interface NativeLatency {
  count: number
  meanNs: number
  p50Ns: number
  p90Ns: number
  p99Ns: number
  p999Ns: number
  maxNs: number
}

/** Kind of distribution. `connectFirstTry` leaves out handshakes whose SYN was retransmitted. */
export type NativeLatencyKind = 'connect' | 'connectFirstTry' | 'exchange' | 'lateness'

/** The kinds with a histogram. */
export type NativeCountedLatency = Exclude<NativeLatencyKind, 'lateness'>

/** Failures of one kind. */
export interface NativeError {
  phase: string
  errno: number
  count: number
  example: string
  /** Time of the first failure, in nanoseconds since the start. */
  firstNs: number
}

/** State of a run. */
export interface NativeStatus {
  /** Time from the start until the ramp ended, or until now. */
  dialingNs: number
  /** Largest number of open connections, dialed and accepted: see native/engine/measure/open_count.h. */
  dialedPeak: number
  acceptedPeak: number
  /** In a churn: shortest time before a 4-tuple was reused; 0 if none was. */
  shortestRestNs: number
  /** Descriptor tables opened so far. */
  tables: number
  privateTables: boolean
  /** A worker had connections left to open but no 4-tuple. */
  tuplesUsedUp: boolean
  /** A worker had connections left to open but no descriptor. */
  tablesUsedUp: boolean
}

/** One column of a census; the columns lie in the buffer in this order. */
export interface NativeCensusColumn {
  name: string
  /** Size of one value: 16 is an address, 8 a double, smaller ones are unsigned integers. */
  bytes: number
  /** Bytes of struct tcp_info that the kernel must fill for the column to be valid. */
  infoBytes: number
}

/** Result of a census. */
export interface NativeCensus {
  /** The columns one after the other, each with room for `capacity` values. */
  buffer: ArrayBuffer
  capacity: number
  /** Connections in the columns. */
  rows: number
  /** Connections for which the buffer had no room. */
  missed: number
  /** Bytes of struct tcp_info that this kernel fills; 0 if no connection was read. */
  infoBytes: number
}

/**
 * One step of a proof that connections are alive. `choose` takes a sample of them, `ask` probes it, `look` reads the
 * answers, `end` reads them for the last time and restores the sockets. `judge` reads all connections, if they are probed
 * or exchange data anyway.
 */
export type ProofAction = 'choose' | 'ask' | 'look' | 'end' | 'judge'

/** Numbers of connections that a step of a proof has read. */
export interface NativeProof {
  /** All of them; the only number that `choose` and `ask` return. */
  read: number
  /** The peer has answered. */
  proven: number
  /** Of the proven: the peer left an earlier probe unanswered. */
  late: number
  /** Of connections that are judged by what they send anyway: segments with data that the proven sent, and sent again. */
  sent: number
  resent: number
  /** Too early to tell. */
  waiting: number
  /** The peer has left several probes unanswered. */
  silent: number
  /** Of the silent: nothing has arrived since the SYN-ACK. */
  neverHeard: number
  /** Of those: the peer never opened its window, like a SYN proxy whose server does not answer. */
  zeroWindow: number
  /** The SYN-ACK arrives repeatedly. */
  repeating: number
  /** Of the repeating: the peer has answered probes, too. */
  repeatingProven: number
  /** Number of segments without data that were taken for repeated SYN-ACKs. */
  repeats: number
  /** The SYN-ACK was repeated but no longer is. Also counted in `proven`, `waiting` or `silent`, in nothing else. */
  healed: number
  /** Closed since they were probed. */
  ended: number
  /** The longest time since a silent peer was heard. */
  longestSilenceMs: number
}

/**
 * `ramped`: every handshake and first exchange has ended. `censused`: the requested census is complete; never after
 * `closed`. `closed`: only join() is left to call.
 */
export type NativeEvent = 'ramped' | 'censused' | 'closed'

/** One run of the engine. */
export interface NativeRun {
  /** Starts the threads; returns the addresses listened on. Throws an Error with `errno` and `syscall`. */
  start(): string[]
  /** Begins to close every socket. */
  close(): void
  /** Must be called on `closed`: ends the threads, which lets the process exit. */
  join(): void
  /** Writes the counters, in the order of `counterNames`. */
  snapshot(into: Float64Array): void
  latency(kind: NativeLatencyKind): NativeLatency
  /**
   * Pairs of a bucket number and its number of durations, for each non-empty bucket, shortest first. The bounds of the
   * buckets are `latencyBounds` of the addon.
   */
  latencyCounts(kind: NativeCountedLatency): Float64Array
  /** For each target: established, failed, closed by the peer, exchanges failed. */
  targets(): Float64Array
  errors(): NativeError[]
  earlyEnds(): NativeEarlyEnd[]
  /** The first wrong answer of the run. */
  wrongAnswer(): NativeWrongAnswer | null
  icmpErrors(): NativeIcmpError[]
  status(): NativeStatus
  /**
   * Reads TCP_INFO of every `stride`-th connection of each table, starting at the `offset`-th, into columns of `capacity`
   * values each; `censused` follows. Returns false if the run is over, or the previous census has not been fetched yet.
   * The addon owns the memory until it is fetched, so it cannot be freed while threads write to it.
   */
  takeCensus(capacity: number, stride: number, offset: number): boolean
  /**
   * Takes a step of a proof; `censused` follows. Returns false under the same conditions as {@link takeCensus}.
   * @param stride for `choose`: every nth connection of each table
   * @param periodMs for `judge`: time between two signs of life
   */
  prove(action: ProofAction, stride: number, periodMs: number): boolean
  /** Returns the result of that step; to be called once, on `censused`. */
  proven(): NativeProof
  /** Returns the census; to be called once, on `censused`. Throws if there is none, or it is still being taken. */
  censusTaken(): NativeCensus
}

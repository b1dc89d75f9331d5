/** A run of the native engine as the addon shows it: what it is told, and what it says. */

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
  /** How many (address, port) pairs from the first one the run begins. */
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
  /** Whether the connections stay open once all are established, so that a close by the peer is noticed. */
  hold: boolean
  /** Each connection is closed after its exchange and replaced; `connections` are open at once. */
  churn: boolean
  /** In a churn without a rate: goes on at full speed although every exchange fails. */
  keepGoing: boolean
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

/** Those whose histogram can be read. */
export type NativeCountedLatency = Exclude<NativeLatencyKind, 'lateness'>

/** Failures of one kind. */
export interface NativeError {
  phase: string
  errno: number
  count: number
  example: string
  /** When it happened first, since the start. */
  firstNs: number
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
 * One step of a proof that connections are alive. `choose` takes a sample of them, `ask` probes it, `look` reads what came back, `end` does so for the last time and leaves their sockets as they were. `judge` reads all connections, which
 * are probed, or talk, anyway.
 */
export type ProofAction = 'choose' | 'ask' | 'look' | 'end' | 'judge'

/** Connections that a step of a proof has looked at. */
export interface NativeProof {
  /** All of them; of `choose` and `ask` the only sum. */
  read: number
  /** The peer has answered. */
  proven: number
  /** Of those: it left a probe unanswered before. */
  late: number
  /** Of connections that are judged by what they send anyway: segments with data that the proven sent, and sent again. */
  sent: number
  resent: number
  /** Too early to tell. */
  waiting: number
  /** The peer has left several probes unanswered. */
  silent: number
  /** Of the silent: nothing has come since the SYN-ACK. */
  neverHeard: number
  /** Of those: the peer never opened its window, as a SYN proxy whose server does not answer. */
  zeroWindow: number
  /** The SYN-ACK comes again and again. */
  repeating: number
  /** Of those: the peer has answered probes, too. */
  repeatingProven: number
  /** Segments without data that were taken for SYN-ACKs that came again. */
  repeats: number
  /** The SYN-ACK came again, and does so no more. In no other sum but `proven`, `waiting` or `silent`. */
  healed: number
  /** Closed since they were asked. */
  ended: number
  /** The longest time since a silent peer was heard. */
  longestSilenceMs: number
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
  /**
   * For each bucket that holds anything, from the shortest: its number and how many durations it holds; `latencyBounds` of
   * the addon says which they are.
   */
  latencyCounts(kind: NativeCountedLatency): Float64Array
  /** For each target: established, failed, closed by the peer, exchanges failed. */
  targets(): Float64Array
  errors(): NativeError[]
  earlyEnds(): NativeEarlyEnd[]
  /** The first one of the run. */
  wrongAnswer(): NativeWrongAnswer | null
  icmpErrors(): NativeIcmpError[]
  status(): NativeStatus
  /**
   * Reads TCP_INFO of every `stride`-th connection of each table from its `offset`-th on, into columns of `capacity`
   * values each; `censused` follows. False when the run is over, or the census before was not fetched yet. The memory
   * is the addon's own until then: nobody can take it away from the threads that write to it.
   */
  takeCensus(capacity: number, stride: number, offset: number): boolean
  /**
   * Takes a step of a proof; `censused` follows. False as of {@link takeCensus}.
   * @param stride of `choose`: every nth connection of each table
   * @param periodMs of `judge`: time between two signs of life
   */
  prove(action: ProofAction, stride: number, periodMs: number): boolean
  /** Fetches the sums of that step, once, on `censused`. */
  proven(): NativeProof
  /** Fetches the census, once, on `censused`; throws where there is none, or it is still being taken. */
  censusTaken(): NativeCensus
}

import type { CounterChanges, Counters } from '../host/counters.js'
import type { HostFacts } from '../host/facts.js'
import type { NatTuples } from '../host/nat_arithmetic.js'
import type { LatencyCount } from '../host/syn_retry_comb.js'
import type { Evidence, RunResult, Severity, Side } from '../result.js'
import type { DialScenario } from '../scenario.js'
import type { FindingId } from './ids.js'

/** What a scenario takes, reckoned without sending a packet. Whatever does not apply is 0. */
export interface Needs {
  /** Connections held at once. */
  connections: number
  /** Highest rate of connection starts asked for; null: as fast as possible. */
  ratePerSecond: number | null
  /** Distinct 4-tuples the scenario may use. */
  tuples: number
  /** Descriptors open at once in this process: twice the connections when it holds both ends. */
  descriptors: number
  /** Descriptors one table can give, after its reserve. */
  descriptorsPerTable: number
  /** Tables the run may open; 1 when the kernel refuses private ones. */
  tables: number
  /** Entries the connections add to this namespace's connection tracking; 0 where nothing tracks them. */
  conntrackEntries: number
  /** Entries they add to the host's one conntrack hash: more when both ends are tracked, each in its namespace. */
  conntrackEntriesOnHost: number
  /** Slab of the sockets. */
  kernelMemoryBytes: number
  /** Established sockets in this namespace's hash. */
  sockets: number
  /** TIME_WAIT sockets in the steady state of a churning run. */
  timeWaits: number
  /** Source addresses asked for that no interface here has. */
  missingSources: string[]
  /** Targets this host has no route to. */
  unroutedTargets: string[]
  /** A NAT said to be on the path. */
  nat: NatNeeds | null
}

/** Short connections through a NAT: see lib/host/nat_arithmetic.ts. */
export interface NatNeeds extends NatTuples {
  /** Seconds a 5-tuple is remembered by whoever remembers it longest. */
  lifetimeSeconds: number
  /** Who that is, e.g. `TIME_WAIT` or `LVS`. */
  rememberedBy: string
}

/** What a prediction may look at. */
export interface PredictContext {
  facts: HostFacts
  needs: Needs
  /** null where no ports are known: a host is judged for a role, not for one run. */
  scenario: DialScenario | null
  /** Whether the listener is in this network namespace, so that its limits are these facts. */
  peerIsHere: boolean
}

/** A run as far as it is known; the parts of the result that checks look at. */
export type RunOutcome = Pick<
  RunResult,
  | 'connections'
  | 'errors'
  | 'timing'
  | 'connectLatency'
  | 'pacing'
  | 'churn'
  | 'retransmits'
  | 'process'
  | 'series'
>

/** A listening socket in this namespace, as sock_diag shows it. */
export interface ListenerFill {
  /** `address:port`. */
  address: string
  /** Connections waiting to be accepted (idiag_rqueue), and the backlog (idiag_wqueue): one more than it fits. */
  queued: number
  backlog: number
  /** Its process, when it could be found, with its open files and soft RLIMIT_NOFILE. */
  process: { pid: number; name: string; openFiles: number; nofileSoft: number } | null
}

/** What the listening side knows of the connections dialed. */
export interface ServerView {
  /** Connections that stand for it, those waiting in accept queues included; and how many wait. */
  standing: number
  queued: number
  /** Connections that stood for the client before, and do not for it. */
  missing: number
}

/** What a census of our own sockets says. */
export interface CensusView {
  /** Established sockets read. */
  sockets: number
  /** Of these, without data received and with a SYN-ACK that came again: the peer still waits for our ACK. */
  repeatedSynAcks: number
}

/**
 * What an explanation may look at. A part that was not observed is null or empty, and checks that need it stay silent.
 */
export interface ExplainContext {
  facts: { before: HostFacts; after: HostFacts }
  /** Counters at the end: tells one that stayed 0 from one this kernel does not have. */
  counters: Counters
  /** Counters that moved. */
  deltas: CounterChanges
  /** Those of them that moved in the last half minute, when `deltas` may go back further: for shares, which time dilutes. */
  recent?: CounterChanges
  /** null when nothing was dialed, as beside a server: then counters stand for themselves. */
  run: RunOutcome | null
  scenario: DialScenario | null
  needs: Needs | null
  /** Whether the listener is in this network namespace, so that these counters are its own. Always so beside a server. */
  peerIsHere: boolean
  listeners: readonly ListenerFill[]
  server: ServerView | null
  census: CensusView | null
  /** Connect latencies, for the comb of SYN retries. */
  latencies: readonly LatencyCount[]
}

/** What a check found: a finding without its name, and what ranks it among others. */
export interface Verdict {
  severity: Severity
  side: Side
  title: string
  evidence: Evidence[]
  remedy: string[]
  /** Events (dropped SYNs, failed connections) this accounts for. Of a prediction: those it expects. */
  events: number
  /** Of a prediction: the number of connections at which this binds. */
  bindsAt?: number
  /** Findings this is the cause of, as far as {@link events} goes. */
  explains?: readonly FindingId[]
}

/** One cause. Both faces are pure and look at nothing but their context; null means: not there, or not to be told. */
export interface Check {
  id: FindingId
  predict?(context: PredictContext): Verdict | null
  explain?(context: ExplainContext): Verdict | null
}

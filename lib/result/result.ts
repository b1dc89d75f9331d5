import type { Amount, Count, Timestamp } from '../base/quantities.js'
import type { ErrorTally, TargetCounts } from '../engine/engine.js'
import type { Distribution } from '../engine/latency.js'
import type { CounterChange } from '../host/counters.js'
import type { ResultHost } from '../host/result_host.js'
import type { Memory } from '../host/usage.js'
import type { DialScenario } from '../scenario/scenario.js'
import type { CensusSummary } from './census_result.js'
import type { Exchange, WrongAnswer } from './exchange_result.js'
import type { Finding } from './finding.js'

/** Name and version of the result's shape. Fields may be added under the same version; none changes its meaning. */
export const SCHEMA = 'c1m-native/result@1'

/** The one object at the end of a run. Every report is a pure function of it; `result.schema.json` describes it. */
export interface RunResult {
  schema: typeof SCHEMA
  /** Version of c1m-native that made this result. */
  version: string
  /** Wall-clock time at which the first connection was due. */
  startedAt: Timestamp
  /** What was asked for, with every default resolved. */
  scenario: DialScenario
  host: ResultHost
  /** Whether the caller, a signal or the end of the process's input ended it before it was done. */
  interrupted: boolean
  connections: ConnectionTotals
  /** Endpoints with failures first, the most of them first; then the others, in the order in which they are dialed. At most 1,000. */
  targets: TargetTotals[]
  /** Failures by phase and code, most frequent first; empty in a healthy run. */
  errors: ErrorTally[]
  timing: Timing
  connectLatency: ConnectLatency
  /** Lateness of connection starts against the rate's schedule; null without a rate. */
  pacing: Pacing | null
  /** What was said on the connections; null when nothing was. */
  exchange: Exchange | null
  /** What came instead of one of the answers, where anything did; null when no answer was wrong or cut short. */
  wrongAnswer: WrongAnswer | null
  /**
   * From the moment an exchange was due to its last expected byte; null when no answer is awaited. An answer that takes
   * longer than the period also counts for the heartbeats it kept waiting, so there may be more durations than exchanges.
   */
  exchangeLatency: Distribution | null
  /** Totals of closed-and-replaced connections; null when connections are only held. */
  churn: Churn | null
  retransmits: Retransmits
  /** Handshakes whose SYN was answered by an older connection of its 4-tuple, or by the TIME_WAIT of one. */
  staleAnswers: StaleAnswers
  /** Whether the connections were alive at the end of the hold; null when none was held. */
  alive: Alive | null
  /** TCP_INFO of the connections that stood at the end; null when no census was taken. */
  census: CensusSummary | null
  memory: Memory
  process: ProcessUse
  /** Kernel counters that moved during the run, by `Group.Name`, e.g. `TcpExt.ListenOverflows`. */
  counters: Record<string, CounterChange>
  /** Named causes; empty in a healthy run. */
  findings: Finding[]
  /** What could not be read or judged, a sentence each; empty in a healthy run. What is named here is missing, not zero. */
  unavailable: string[]
  /** Turns of the run, in the order of their times. */
  events: RunEvent[]
  /** The run over time, evenly spaced. */
  series: SeriesPoint[]
}

/** What became of the connections to one endpoint. */
export interface TargetTotals extends TargetCounts {
  /** `address:port`. */
  target: string
}

/** One turn of a run. */
export interface RunEvent {
  /** Seconds since the run began. */
  tSeconds: Amount
  /** A phase began, a kind of failure happened for the first time, or a cause of the result was named. */
  kind: 'phase' | 'failure' | 'finding'
  /** The phase; phase and code of the failure, as in `connect ECONNREFUSED`; the finding's id. */
  name: string
  /** The connection that failed; the finding's title; null of a phase. */
  detail: string | null
}

/** Where the connections of a run went. */
export interface ConnectionTotals {
  /** Connections asked for. */
  requested: Count
  /** Connections started: bound and handed to connect(2), whatever became of them. */
  attempted: Count
  /** Handshakes that completed. */
  established: Count
  /**
   * Attempts that did not become a connection. An exchange that fails is not counted here but in `exchange`. What the peer
   * refused once the run was told to stop counts as never attempted.
   */
  failed: Count
  /** Most connections open at one moment, counted where each is opened and closed. */
  peak: Count
  /** Established connections the peer ended before this side did, and before the run was told to stop. */
  closedByPeer: Count
  /** Source ports passed over because another socket held them. */
  skippedPorts: Count
}

/** How long the parts of the run took. */
export interface Timing {
  /** From the first connection's start until the last was established (and has had its first answer) or given up. */
  dialSeconds: Amount
  /** Established connections over `dialSeconds`. */
  connectsPerSecond: Amount
  /** From the end of dialing until closing began. */
  holdSeconds: Amount
  /** All of it, with closing. */
  totalSeconds: Amount
}

/** connect(2) to established, of established connections. */
export interface ConnectLatency extends Distribution {
  /** The same without connections whose SYN was sent more than once: a lost SYN costs a second and drowns the rest. */
  withoutSynRetry: Distribution
}

/** How late connections were started, in microseconds: large values mean this host, not the target, set the pace. */
export interface Pacing {
  unit: 'us'
  p50: Amount
  p99: Amount
  max: Amount
}

/** Totals of a run that closes and replaces its connections. */
export interface Churn {
  /** Connections that were opened, used and closed. */
  transactions: Count
  /** Over `timing.dialSeconds`. */
  transactionsPerSecond: Amount
  timeWait: TimeWaits
  /** Whether it ended before its time, because every exchange failed; `keepGoing` prevents that. */
  endedEarly: boolean
  /** How long a 4-tuple rested at least before it was used again; null when none was. */
  tupleRestSeconds: number | null
}

/** TIME_WAIT sockets of this network namespace, whoever left them behind; null where they can't be read. */
export interface TimeWaits {
  before: Count | null
  /** The most that a look every 50 ms has seen: the kernel keeps no such figure. */
  peak: Count | null
  after: Count | null
}

/** Segments sent more than once. */
export interface Retransmits {
  /** SYNs sent beyond the first, over all connections. */
  syn: Count
  /** Connections that needed more than one SYN. */
  connectionsWithSynRetry: Count
  /**
   * Those of them whose first SYN was answered, after another had been sent, as far as TCP timestamps tell: no SYN was
   * lost, though the first answer may have been.
   */
  firstSynAnswered: Count
  /** Those of them whose first SYN was not, as far as TCP timestamps tell: a repeated one was. */
  repeatedSynAnswered: Count
  /** Segments retransmitted on established connections; null when no census was taken. */
  segments: Count | null
  /** Established connections with at least one retransmitted segment; null when no census was taken. */
  connectionsWithRetransmit: Count | null
}

/** Handshakes whose SYN was answered by a segment that is no SYN-ACK, by what became of them. */
export interface StaleAnswers {
  /** Established once this side's RST had ended the older connection; among `retransmits.connectionsWithSynRetry`. */
  established: Count
  /** Given up, because no other answer came in time. */
  timedOut: Count
  /** Still under way when the run closed. */
  pending: Count
}

/**
 * Whether the peers of the connections were still there. That a connection is established and held proves nothing: its peer
 * may be gone, or may never have known it.
 */
export interface Alive {
  /**
   * What told. `probe`: keepalive probes to a sample of about a thousand, which the run sends in a hold of two seconds or
   * more; `keepalive`, `heartbeat`: whether something came back within two periods; `exchange`: the answer of an exchange, when
   * it was made; `listener`: a self-dial knows both ends; `none`: nothing was asked.
   */
  by: 'probe' | 'keepalive' | 'heartbeat' | 'exchange' | 'listener' | 'none'
  /** Connections that were asked, or read. The others are unknown. */
  probed: Count
  /** Connections whose peer has answered. */
  proven: Count
  /**
   * Connections whose peer does not know them (it reset them when it was probed, or sends its SYN-ACK to this day), or is not
   * there: three probes were left unanswered, or the kernel gave the connection up.
   */
  disproved: Count
  /** All the others that were held. */
  unknown: Count
}

/** What the process used to do it. */
export interface ProcessUse {
  /** User and system time of all threads. */
  cpuSeconds: Amount
  /** What dialing took of the CPUs, for `timing.dialSeconds`. */
  dialing: DialingUse
  /** Threads that dialed (or accepted) at a time. */
  workers: Count
  /** Descriptor tables used over the run. */
  tables: Count
  /** Whether each thread had a descriptor table of its own; false where the kernel refused it. */
  privateTables: boolean
}

/** What dialing took of the CPUs, and what kept it from them. */
export interface DialingUse {
  /** User and system time of all threads. */
  cpuSeconds: Amount
  /** How long the threads were ready to run and had no CPU, all together; null without a rate, or where it is unknown. */
  waitedSeconds: Amount | null
  /** User and system time of all other processes of the host; null likewise. */
  otherSeconds: Amount | null
}

/** How long connects and exchanges that ended in an interval took, in microseconds; null when none ended in it. */
export interface IntervalLatencies {
  connectP50Us: Amount | null
  connectP99Us: Amount | null
  /** null also when no answer is awaited. */
  exchangeP50Us: Amount | null
  exchangeP99Us: Amount | null
}

/** The state of the run at one moment; the latencies are those since the point before. */
export interface SeriesPoint extends IntervalLatencies {
  /** Seconds since the run began. */
  tSeconds: Amount
  /** Connections open at this moment. */
  established: Count
  /** Connections established per second since the point before. */
  connectsPerSecond: Amount
  /** Failures so far. */
  failed: Count
}

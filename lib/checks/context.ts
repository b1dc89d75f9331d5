import type { NativeEarlyEnd } from '../engine/native_endings.js'
import type { SocketSurvey } from '../engine/sockets.js'
import type { Counters } from '../host/counter_files.js'
import type { CounterChanges } from '../host/counters.js'
import type { HostFacts } from '../host/facts.js'
import type { LatencyCount } from '../host/syn_retry_comb.js'
import type { CensusView } from '../observe/census_summary.js'
import type { DownDevice } from '../observe/down_device.js'
import type { DropSummary } from '../observe/drops.js'
import type { IcmpSender } from '../observe/icmp_senders.js'
import type { ListenerFill } from '../observe/listener_fill.js'
import type { PortUse } from '../observe/port_use.js'
import type { ProofView } from '../observe/proof_view.js'
import type { SegmentLoss } from '../observe/segment_loss.js'
import type { ServedPort } from '../observe/served_ports.js'
import type { ServerView } from '../observe/server_observer.js'
import type { SilentHop } from '../observe/silent_hop.js'
import type { AsymmetricRoute } from '../observe/source_routes.js'
import type { Evidence, Severity, Side } from '../result/finding.js'
import type { RunResult } from '../result/result.js'
import type { Needs } from '../scenario/needs.js'
import type { DialScenario } from '../scenario/scenario.js'
import type { Remedy } from './remedy.js'

/** What a prediction may look at. */
export interface PredictContext {
  facts: HostFacts
  needs: Needs
  /** null where no ports are known: a host is judged for a role, not for one run. */
  scenario: DialScenario | null
  /** Whether the listener is in this network namespace, so that its limits are these facts. */
  peerIsHere: boolean
  /** The device the run needs, where that carries nothing; null also where it was not looked for. */
  downDevice: DownDevice | null
  /** Packets that leave by another device than their source address is on; null also where it was not looked for. */
  asymmetricRoute: AsymmetricRoute | null
}

/** A run as far as it is known; the parts of the result that checks look at. */
export type RunOutcome = Pick<
  RunResult,
  | 'connections'
  | 'targets'
  | 'errors'
  | 'timing'
  | 'connectLatency'
  | 'pacing'
  | 'exchange'
  | 'exchangeLatency'
  | 'wrongAnswer'
  | 'churn'
  | 'retransmits'
  | 'staleAnswers'
  | 'process'
  | 'series'
>

/** How handshakes failed, beyond their errors. */
export interface Rejections {
  /** Connections that connect(2) itself refused, before anything was sent: this host's own doing. */
  atOnce: number
  /** Who rejected a sample of the others by ICMP, most frequent first; none where ICMP did not, or the kernel kept none. */
  icmp: readonly IcmpSender[]
  /** The next hop, where that does not answer on its link; null also where it was not looked for. */
  silentHop: SilentHop | null
}

/**
 * What an explanation may look at. A part that was not observed is null or empty, and checks that need it stay silent.
 */
export interface ExplainContext {
  facts: { before: HostFacts; after: HostFacts }
  /** Counters before the run closes its connections: tells one that stayed 0 from one this kernel does not have. */
  counters: Counters
  /** Counters that moved until then. Closing moves some as well, and that is the run's own doing. */
  deltas: CounterChanges
  /** Those that moved until the last handshake ended, for what handshakes met. Beside a server the same as `deltas`. */
  ramp: CounterChanges
  /** Those that moved while the run closed its connections; empty before. */
  closing: CounterChanges
  /** Those of them that moved in the last half minute, when `deltas` may go back further: for shares, which time dilutes. */
  recent?: CounterChanges
  /** null when nothing was dialed, as beside a server: then counters stand for themselves. */
  run: RunOutcome | null
  scenario: DialScenario | null
  needs: Needs | null
  /** Whether the listener is in this network namespace, so that these counters are its own. Always so beside a server. */
  peerIsHere: boolean
  /** The device the run needs, where that carries nothing; null also where it was not looked for. */
  downDevice: DownDevice | null
  /** Where the run dials to, or what is watched. */
  listeners: readonly ListenerFill[]
  /** Other listening sockets of this namespace that dropped something; null where sockets were not listed. */
  strangers: readonly ListenerFill[] | null
  /** What was accepted at the ports of {@link listeners}, where it was looked at. */
  served: readonly ServedPort[]
  server: ServerView | null
  census: CensusView | null
  /** What showed whether held connections are alive; null when none are held, and beside a server. */
  proof: ProofView | null
  /** The sockets of what is watched at the latest look at all of them; absent or null where nobody looked. */
  survey?: SocketSurvey | null
  /** Most half-open connections of one listening port that a look has found so far; absent or null where nobody looked. */
  halfOpenPeak?: number | null
  /** Destinations to which connections hold all ephemeral ports; absent where nobody looked. */
  fullPorts?: readonly PortUse[]
  /** Dropped packets by reason and call chain; absent or null where they are not counted. */
  drops?: DropSummary | null
  /** How connections ended before their time. */
  endings: Endings
  /** Connect latencies, for the comb of SYN retries. */
  latencies: readonly LatencyCount[]
  /** null when nothing was dialed. */
  rejections: Rejections | null
}

/** What became of a connection that was dialed to see: `answered` is the exchange, or without one the handshake. */
export type FreshConnection = 'answered' | 'refused' | 'unanswered'

/** How connections of a run ended before their time. */
export interface Endings {
  /** By cause, with TCP_INFO of the first of each. */
  early: readonly NativeEarlyEnd[]
  /** Exchanges completed on connections that had been idle for a whole period of the heartbeat before. */
  settledExchanges: number
  /** One more connection, dialed after others had gone silent or were closed while idle; null where none was. */
  fresh: FreshConnection | null
  /** Segments the run's own connections lost, where the counters gave reason to look; null where it was not looked for. */
  loss: SegmentLoss | null
}

/** Those of a run that has none, and of what is watched from outside. */
export const noEndings: Endings = { early: [], settledExchanges: 0, fresh: null, loss: null }

/** What a check found: a finding without its name, and what ranks it among others. */
export interface Verdict {
  severity: Severity
  side: Side
  title: string
  evidence: Evidence[]
  remedy: readonly Remedy[]
  /** Events (dropped SYNs, failed connections) this accounts for. Of a prediction: those it expects. */
  events: number
  /** Of a prediction: the number of connections at which this binds. */
  bindsAt?: number
  /** Findings this is the cause of, as far as {@link events} goes. */
  explains?: readonly Check[]
  /** Of a guess: the findings whose cause it guesses. Where something else is their cause, it is left out. */
  guessesAt?: readonly Check[]
}

/**
 * Whom a cause concerns: a host that dials, a host that listens, what is between them, a `host` at either end, or a
 * `process` at either end, whose limits the facts of its host do not tell.
 */
export type Concern = 'dialer' | 'listener' | 'path' | 'host' | 'process'

/** What the page of all findings says of a cause: plain sentences for a reader who has just met its name. */
export interface About {
  /** What goes wrong, and how it looks from outside. */
  summary: string
  /** What must be seen before it is named, and what that rules out. */
  evidence: string
  /** What mends it. */
  remedy: string
  /** What it is often mistaken for, and what tells them apart. */
  mistakenFor: string
}

/** One cause. Both faces are pure and look at nothing but their context; null means: not there, or not to be told. */
export interface Check<Id extends string = string> {
  /** The name of the finding, which is stable. */
  id: Id
  /** Its place among equally severe findings, the lowest first: a cause before the symptoms it has. */
  rank: number
  concerns: Concern
  about: About
  /**
   * A dial that names it of a host it cannot look into is not sure: it sees a symptom only, or reads the cause from a
   * figure. An observer on that host names the cause.
   */
  tentativeFromAfar?: true
  predict?(context: PredictContext): Verdict | null
  explain?(context: ExplainContext): Verdict | null
}

/** A check whose name the compiler knows. */
export function defineCheck<Id extends string>(check: Check<Id>): Check<Id> {
  return check
}

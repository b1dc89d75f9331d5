import { type Check, defineCheck, type ExplainContext, type RunOutcome, type Verdict } from '../context.js'
import { counterEvidence, fact, figure, inRamp, moved } from '../evidence.js'
import { metBy, rejectedSegments } from '../older_connection.js'
import { advice, command, type Remedy, sysctl } from '../remedy.js'
import { retriedForLoss, staleAnswers } from '../stale_answers.js'
import {
  goalMissed,
  hasTimeWaitCounter,
  isCriticalShare,
  severityOf,
  timedOutUnanswered
} from '../symptoms.js'
import { synLoss } from './syn_loss.js'
import { synUnanswered } from './syn_unanswered.js'

/**
 * A SYN met a TIME_WAIT of the same 4-tuple and carried an older timestamp, so the server answered with an ACK of the old
 * connection: tcp_timewait_state_process in net/ipv4/tcp_minisocks.c. The client sends RST and tries again; if the RST is
 * lost, every try re-arms the TIME_WAIT. Needs a NAT: one host's timestamps for one 4-tuple only grow. The server's
 * application sees nothing.
 */
export const timeWaitPaws = defineCheck({
  id: 'time-wait-paws',
  rank: 140,
  concerns: 'listener',
  about: {
    summary:
      'A SYN meets a TIME_WAIT of its 4-tuple at the server and carries an older timestamp. The server answers with an ACK of the closed connection instead of a SYN-ACK. The client resets that and sends its SYN again after some 10 ms, so the handshake takes longer; where its RST is lost, no retry helps and the handshake fails. This takes a NAT that reuses its ports within the 60 s of a TIME_WAIT, and a server that closes first.',
    evidence:
      'At the server, TcpExt.PAWSTimewait (before kernel 6.16, PAWSEstab) rises by as many as the SYNs that were answered this way. At the client, TCP_INFO shows a segment that arrived during the handshake and was not a SYN-ACK; a lost SYN brings none. The client names this cause only where the run makes the server keep TIME_WAITs, because it lets the server close first.',
    remedy:
      'Let the client close first or keep connections alive, so that the server keeps no TIME_WAIT, or give the NAT more source addresses; both are advice. Or remove the timestamps from SYNs on the NAT with the `nft` lines. Where tcp_rfc1337 is 1 at the server, set it to 0; where handshakes fail, also let the RST of the client pass and allow time for another SYN, which is advice.',
    mistakenFor:
      'Lost SYNs, which are sent again after a second and not after some 10 ms. A connection that the server has not closed (`old-connection-at-server`), for which the server counts TcpExt.TCPSYNChallenge.'
  },
  explain: (context) => (context.run === null ? seenByServer(context) : seenInRun(context, context.run))
})

function seenByServer(context: ExplainContext): Verdict | null {
  const rejected = rejectedSegments(context)
  if (rejected === 0 || !areSyns(context)) return null
  return {
    severity: severityOf(context, rejected),
    side: 'server',
    title: titleOfCounter(context, rejected),
    evidence: counterEvidenceOf(context),
    remedy: remedyAtServer(context),
    events: rejected
  }
}

/**
 * Of closes, whose late segments count: measured are 1.3 % on loopback and veth, and 4.2 % on loopback of a busy host. Of SYNs
 * it is half where a NAT is full.
 */
const leastShare = 0.1
/** The same where connections have both ends here: their segments are the ones that overtake each other. */
const leastShareBetweenEnds = 0.25
const leastSyns = 5

/**
 * Whether what met a TIME_WAIT were SYNs. A segment of a connection just closed counts as well when another one, sent a
 * millisecond later on another CPU, came before it.
 */
function areSyns(context: ExplainContext): boolean {
  const { deltas, recent = deltas } = context
  const lately = { ...context, deltas: recent }
  const closed = moved(lately, 'Sockstat.TCP.tw') + moved(lately, 'TcpExt.TW')
  const opened = moved(lately, 'Tcp.PassiveOpens')
  const share =
    moved(lately, 'Tcp.ActiveOpens') > Math.max(closed, opened) / 2 ? leastShareBetweenEnds : leastShare
  return rejectedSegments(lately) >= Math.max(leastSyns, share * Math.max(closed, opened))
}

/** A run knows which of its SYNs were answered by an older connection. What that was, counters here say or the run itself. */
function seenInRun(context: ExplainContext, run: RunOutcome): Verdict | null {
  const { timeWait, stuck } = metBy(context)
  if (timeWait === 0) return null
  const ramp = inRamp(context)
  const { established, timedOut, pending } = run.staleAnswers
  const title = context.peerIsHere
    ? titleOfCounter(context, rejectedSegments(ramp))
    : `${figure(timeWait)} SYNs were answered with a stale ACK, not lost: the server, which closes first in this run, holds a TIME_WAIT of their 4-tuple, as behind a NAT that reuses ports`
  return {
    severity: severityOfMet(run, timeWait, stuck),
    side: 'server',
    title: stuck === 0 ? title : `${title}; ${figure(stuck)} of them were never answered otherwise`,
    evidence: [
      ...fact('staleAnswers.established', established),
      ...fact('staleAnswers.timedOut', timedOut),
      ...fact('staleAnswers.pending', pending),
      ...(context.peerIsHere
        ? counterEvidenceOf(ramp)
        : counterEvidence(ramp, 'Tcp.OutRsts', 'TcpExt.TCPSynRetrans'))
    ],
    remedy: [
      ...(stuck > 0 ? getThrough(context) : []),
      ...(context.peerIsHere
        ? remedyAtServer(context)
        : [command('nstat -asz TcpExtPAWSTimewait TcpExtTCPSYNChallenge'), ...remedy])
    ],
    events: timeWait,
    explains: leftUnanswered(context)
  }
}

/** Share of the stale answers up to which others may be missing. */
const skippedShare = 0.25

/**
 * A TIME_WAIT answers one segment in half a second (tcp_oow_rate_limited): measured, up to a fifth of the SYNs that meet one
 * get no answer, and look lost. More than that are.
 */
function leftUnanswered(context: ExplainContext): Check[] {
  const { established, timedOut } = staleAnswers(context)
  return [
    ...(retriedForLoss(context) <= established * skippedShare ? [synLoss] : []),
    ...(timedOutUnanswered(context) <= timedOut * skippedShare ? [synUnanswered] : [])
  ]
}

/** Handshakes that take longer bend the figures; enough of them, or some that fail and were needed, stop the goal. */
function severityOfMet(run: RunOutcome, met: number, stuck: number): Verdict['severity'] {
  if (isCriticalShare(met, run.connections.attempted) || (stuck > 0 && goalMissed(run))) return 'critical'
  return stuck > 0 ? 'warning' : 'info'
}

function titleOfCounter(context: ExplainContext, rejected: number): string {
  return hasTimeWaitCounter(context)
    ? `${figure(rejected)} SYNs met a TIME_WAIT of their 4-tuple with an older timestamp (PAWS) and were answered with a stale ACK`
    : `${figure(rejected)} segments had an older timestamp (PAWS): SYNs that met a TIME_WAIT of their 4-tuple, as far as this kernel tells them apart`
}

function counterEvidenceOf(context: ExplainContext): Verdict['evidence'] {
  const { tcp } = context.facts.after
  return [
    ...counterEvidence(
      context,
      hasTimeWaitCounter(context) ? 'TcpExt.PAWSTimewait' : 'TcpExt.PAWSEstab',
      'TcpExt.TCPACKSkippedTimeWait',
      'Sockstat.TCP.tw'
    ),
    ...fact('net.ipv4.tcp_timestamps', tcp.timestamps),
    ...(tcp.rfc1337 === 1 ? fact('net.ipv4.tcp_rfc1337', 1) : [])
  ]
}

/** With tcp_rfc1337 the client's RST no longer frees the slot, and retries fail for good (measured: twice as many). */
function remedyAtServer({ facts }: ExplainContext): Remedy[] {
  return [...(facts.after.tcp.rfc1337 === 1 ? [sysctl('net.ipv4.tcp_rfc1337', 0)] : []), ...remedy]
}

/** Connect timeout that leaves time for a third SYN, which comes a second after the first: the second one may get no answer. */
const patientMs = 2000

/** For handshakes that got no further than an older connection: its end, and the next SYN, take a RST and some time. */
export function getThrough({ scenario }: ExplainContext): Remedy[] {
  return [
    advice(
      'let the RST pass by which a client ends the older connection: a firewall or NAT on the way drops it, or, for a TIME_WAIT, tcp_rfc1337 is 1 at the server'
    ),
    ...(scenario !== null && scenario.connectTimeoutMs < patientMs
      ? [advice('and allow time for another SYN: --connect-timeout 5s')]
      : [])
  ]
}

/** Never tcp_tw_recycle (gone since 4.12, and broke NAT), tcp_rfc1337=1, or a firewall that drops RST: they make it worse. */
const remedy = [
  advice('let the client close first or keep connections alive: then the server keeps no TIME_WAIT'),
  advice('give the NAT more source addresses, and see that it spreads connections over them'),
  advice('or take timestamps out of SYNs, on the NAT:'),
  command('nft add table inet c1m'),
  command("nft 'add chain inet c1m onward { type filter hook forward priority mangle; }'"),
  command("nft 'add rule inet c1m onward tcp flags & (syn | ack) == syn reset tcp option timestamp'")
]

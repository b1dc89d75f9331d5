import { extrapolated } from '../../observe/proof_view.js'
import { stillRepeating } from '../../observe/syn_ack_repeats.js'
import { defineCheck, type ExplainContext, type RunOutcome, type Verdict } from '../context.js'
import { connectionEvidence, counterEvidence, fact, figure, moved, withClosing } from '../evidence.js'
import { advice, type Remedy, raiseSomaxconn } from '../remedy.js'
import { repeatedSyns } from '../repeated_syns.js'
import { isCriticalShare } from '../symptoms.js'
import { peerClosed } from './peer_closed.js'

/**
 * Connections only the client believes in. The client is ESTABLISHED since the SYN-ACK; the server is once it has had the
 * final ACK of the handshake, and found room for the connection in the accept queue (tcp_check_req in
 * net/ipv4/tcp_minisocks.c). Until then it sends its SYN-ACK again; with SYN cookies it keeps nothing, and sends nothing.
 */
export const phantomEstablished = defineCheck({
  id: 'phantom-established',
  rank: 130,
  concerns: 'listener',
  tentativeFromAfar: true,
  about: {
    summary:
      'The client has received the SYN-ACK and counts the connection as established, but the server does not: the final ACK of the handshake never reached it, or the accept queue was full and the server dropped the ACK. connect(2) has succeeded, and whatever the client sends is ignored or reset.',
    evidence:
      'With the listener in the same network namespace: the server has fewer connections than the client, and either ListenOverflows rose as often, or as many wait in SYN_RECV. From afar: the peer still repeats the SYN-ACK of a connection 1, 3, 7, ... seconds after the handshake; or it resets a connection in answer to a keepalive probe without ever having sent anything before, as after SYN cookies. A SYN-ACK that was repeated and then stopped does not count: the ACK was lost, and a later one arrived.',
    remedy:
      'Where the server dropped the final ACKs, raise net.core.somaxconn, accept faster and listen with a longer backlog. Where the ACKs are lost on the way, look for a firewall that drops them, with tcpdump at the server. Do not rely on connect(2): send a byte and expect one. Everything but the sysctl is advice.',
    mistakenFor:
      'A server that accepts and then does not answer (`peer-stalled`): there the connection is in its table. A peer that has died since (`dead-connections`): it had sent something before, or answers nothing at all. From afar a full accept queue and an ACK lost on the way look alike; the counters of the server tell them apart.'
  },

  explain(context) {
    const { run } = context
    if (run === null || isDeferred(context)) return null
    if (run.churn !== null) return ofChurnHere(context, run)
    return context.peerIsHere
      ? (ofServerHere(context, run.connections.established) ?? ofProbes(context))
      : (ofProbes(context) ??
          ofRepeats(context, run.connections.established) ??
          ofCounter(context, run.connections.established))
  }
})

/** A listener with TCP_DEFER_ACCEPT ignores final ACKs on purpose and accepts at the first data. */
function isDeferred(context: ExplainContext): boolean {
  return moved(context, 'TcpExt.TCPDeferAcceptDrop') > 0
}

/**
 * How many the server here never took because its accept queue was full; 0 unless the queue overflowed as often.
 */
export function phantomCount(context: ExplainContext): number {
  const { run, server, census, peerIsHere } = context
  if (run === null || isDeferred(context)) return 0
  if (!peerIsHere) return goingOn(context)?.count ?? 0
  const overflows = moved(context, 'TcpExt.ListenOverflows')
  return Math.min(overflows, Math.max(server?.missing ?? 0, census?.repeatedSynAcks ?? 0))
}

/** The server is in this namespace, so that its table tells. */
function ofServerHere(context: ExplainContext, established: number): Verdict | null {
  const { server, census } = context
  if (server === null) return null
  const dropped = phantomCount(context)
  // A share of the overflows may be of SYNs; half open are also those of others, and of our own still under way.
  const waited = Math.min(server.missing, server.halfOpen)
  const count = Math.max(dropped, waited)
  if (count === 0) return null
  const isDropped = dropped >= count / 2
  return {
    severity: isCriticalShare(count, established) ? 'critical' : 'warning',
    side: 'server',
    title: `${figure(count)} of ${figure(established)} connections are established for the client only: ${isDropped ? 'the server dropped their final ACK' : 'their final ACK never reached the listener, whose queue has room'}`,
    evidence: [
      ...connectionEvidence(context, 'established'),
      ...fact('server.standing', server.standing),
      ...fact('server.queued', server.queued),
      ...fact('server.halfOpen', server.halfOpen),
      ...(census ? fact('census.repeatedSynAcks', census.repeatedSynAcks) : []),
      ...counterEvidence(context, 'TcpExt.ListenOverflows', 'TcpExt.TCPSYNChallenge', 'TcpExt.TCPSynRetrans')
    ],
    remedy: isDropped
      ? [advice('accept faster, and listen with a longer backlog'), raiseSomaxconn, sayFirst]
      : [findLostAck, sayFirst],
    events: count
  }
}

/** Peers that were asked and do not know the connection: they have reset it. */
function ofProbes(context: ExplainContext): Verdict | null {
  const { proof } = context
  if (proof === null || proof.unknownToPeer === 0) return null
  const { unknownToPeer, repeating, probed, of } = proof
  const count = unknownToPeer + repeating
  const reason =
    repeating === 0
      ? 'the peer reset them, because it has never taken them'
      : `the peer reset ${figure(unknownToPeer)}, because it has never taken them, and sends the SYN-ACK of ${figure(repeating)} again and again`
  return {
    severity: isCriticalShare(count, probed) ? 'critical' : 'warning',
    side: 'server',
    title: `${figure(count)} of ${figure(probed)} connections that were probed are established for the client only: ${reason}${of > probed ? `; of all ${figure(of)} that would be about ${figure(extrapolated(count, proof))}` : ''}`,
    evidence: [
      ...connectionEvidence(context, 'established', 'closedByPeer'),
      ...fact('alive.probed', proof.probed),
      ...fact('alive.proven', proof.proven),
      ...fact('alive.disproved', proof.silent + proof.repeating + proof.unknownToPeer + proof.gone),
      ...counterEvidence(context, 'TcpExt.TCPKeepAlive', 'Tcp.EstabResets', 'TcpExt.TCPSYNChallenge')
    ],
    remedy: [askServer, sayFirst],
    events: count,
    explains: [peerClosed]
  }
}

/** Connections whose SYN-ACK comes again to this day: all of them by a census, or by the sample that was probed. */
function goingOn({ census, proof }: ExplainContext): { count: number; by: 'census' | 'probe' } | null {
  if (census) return { count: stillRepeating(census.repeatedSynAcks, census.healedSynAcks), by: 'census' }
  if (proof === null) return null
  return { count: extrapolated(proof.repeating, proof), by: 'probe' }
}

function ofRepeats(context: ExplainContext, established: number): Verdict | null {
  const found = goingOn(context)
  if (found === null || found.count === 0) return null
  const { census, proof } = context
  const { count } = found
  const isSample = found.by === 'probe' && proof !== null && proof.of > proof.probed
  return {
    severity: isCriticalShare(count, established) ? 'critical' : 'warning',
    side: 'server',
    title: `${isSample ? 'about ' : ''}${figure(count)} of ${figure(established)} connections are established for the client only: the server never took their final ACK, and sends its SYN-ACK again and again`,
    evidence: [
      ...connectionEvidence(context, 'established'),
      ...(census ? fact('census.repeatedSynAcks', census.repeatedSynAcks) : []),
      ...(found.by === 'probe' && proof
        ? [...fact('alive.probed', proof.probed), ...fact('probe.repeatedSynAcks', proof.repeating)]
        : []),
      ...counterEvidence(context, 'TcpExt.TCPSYNChallenge')
    ],
    remedy: [askServer, findLostAck, sayFirst],
    events: count
  }
}

/**
 * Nothing but a counter of this namespace: SYN-ACKs that came for established connections, of whatever process. A server that
 * answers the first SYN late, or whose SYN-ACK was lost, answers the repeated SYN as well: those prove nothing.
 */
function ofCounter(context: ExplainContext, established: number): Verdict | null {
  const { census, proof } = context
  if (census !== null || (proof !== null && proof.by !== 'none')) return null
  // Where a round trip takes more than a second, a server sends every SYN-ACK again before our ACK can be there.
  if (repeatedSyns(context).late > 0) return null
  const challenges = moved(context, 'TcpExt.TCPSYNChallenge')
  const most = Math.min(challenges - (context.run?.retransmits.syn ?? 0), established)
  if (most <= 0 || !isCriticalShare(most, established)) return null
  return {
    severity: 'info',
    side: 'server',
    title: `up to ${figure(most)} of ${figure(established)} connections look established for the client only, or were until their final ACK got through: SYN-ACKs of established connections came again ${figure(challenges)} times`,
    evidence: [
      ...connectionEvidence(context, 'established'),
      ...counterEvidence(context, 'TcpExt.TCPSYNChallenge')
    ],
    remedy: [advice('hold them for some seconds (--hold 10s): then a sample of them is probed'), askServer],
    events: most
  }
}

const sayFirst: Remedy = advice(
  'the first byte from the server, not connect(2), tells that a connection stands: send and expect one'
)

const askServer: Remedy = advice(
  'ask the server: nstat -az TcpExtListenOverflows. If it rises, accept faster and raise the backlog and net.core.somaxconn'
)

const findLostAck: Remedy = advice(
  'if it does not, the ACK is lost on the way: look for a firewall that drops it (conntrack state INVALID), as where answers take another way, with tcpdump at the server'
)

/**
 * Connections of a churn that awaits no answer, of which no listener here has made a socket, at least: those of other clients
 * are in the counter as well.
 */
function ofChurnHere(context: ExplainContext, run: RunOutcome): Verdict | null {
  if (!context.peerIsHere || run.exchange !== null || moved(context, 'TcpExt.ListenOverflows') <= 0)
    return null
  const { established } = run.connections
  const whole = withClosing(context)
  const count = established - moved(whole, 'Tcp.PassiveOpens')
  if (count <= 0) return null
  return {
    severity: isCriticalShare(count, established) ? 'critical' : 'warning',
    side: 'server',
    title: `${figure(count)} of ${figure(established)} connections are established for the client only: the server dropped their final ACK`,
    evidence: [
      ...connectionEvidence(context, 'established'),
      ...counterEvidence(whole, 'Tcp.PassiveOpens', 'TcpExt.ListenOverflows')
    ],
    remedy: [advice('accept faster, and listen with a longer backlog'), raiseSomaxconn, sayFirst],
    events: count
  }
}

import { counterValue } from '../../host/counters.js'
import { defineCheck, type ExplainContext, type Verdict } from '../context.js'
import { counterEvidence, fact, figure, moved } from '../evidence.js'
import { advice, command, sysctl } from '../remedy.js'
import { accountsForLoss, hasTimeWaitCounter, lostSyns, severityOf, timedOut } from '../symptoms.js'
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
  explain: (context) => (context.peerIsHere ? seenByServer(context) : seenByClient(context))
})

function seenByServer(context: ExplainContext): Verdict | null {
  const rejected = rejectedSyns(context)
  if (!accountsForLoss(context, rejected) || !areSyns(context, rejected)) return null
  const { tcp } = context.facts.after
  const exact = hasTimeWaitCounter(context)
  return {
    severity: severityOf(context, rejected),
    side: 'server',
    title: exact
      ? `${figure(rejected)} SYNs met a TIME_WAIT of their 4-tuple with an older timestamp (PAWS) and were answered with a stale ACK`
      : `${figure(rejected)} segments had an older timestamp (PAWS): SYNs that met a TIME_WAIT of their 4-tuple, as far as this kernel tells them apart`,
    evidence: [
      ...counterEvidence(
        context,
        exact ? 'TcpExt.PAWSTimewait' : 'TcpExt.PAWSEstab',
        'TcpExt.TCPACKSkippedTimeWait',
        'Sockstat.TCP.tw'
      ),
      ...fact('net.ipv4.tcp_timestamps', tcp.timestamps),
      ...(tcp.rfc1337 === 1 ? fact('net.ipv4.tcp_rfc1337', 1) : [])
    ],
    remedy: [
      // With it the client's RST no longer frees the slot, and retries fail for good (measured: twice as many).
      ...(tcp.rfc1337 === 1 ? [sysctl('net.ipv4.tcp_rfc1337', 0)] : []),
      ...remedy
    ],
    events: rejected,
    explains: [synLoss, synUnanswered]
  }
}

/** Before kernel 6.16 these share PAWSEstab with old segments of live connections: without a TIME_WAIT they are those. */
function rejectedSyns(context: ExplainContext): number {
  if (hasTimeWaitCounter(context)) return moved(context, 'TcpExt.PAWSTimewait')
  const timeWaits = counterValue(context.counters, 'Sockstat.TCP.tw') ?? 0
  return timeWaits > 0 ? moved(context, 'TcpExt.PAWSEstab') : 0
}

/** Of closes, whose late segments count: measured are up to 1.3 %, on loopback and veth. Of SYNs it is half where a NAT is full. */
const leastShare = 0.04
const leastSyns = 5

/**
 * Whether what met a TIME_WAIT were SYNs. A segment of a connection just closed counts as well when another one, sent a
 * millisecond later on another CPU, came before it.
 */
function areSyns(context: ExplainContext, rejected: number): boolean {
  // Each rejected SYN was sent again, or was the last one of a handshake given up.
  if (context.run !== null) return rejected <= 2 * lostSyns(context)
  const { deltas, recent = deltas } = context
  const lately = { ...context, deltas: recent }
  const closed = moved(lately, 'Sockstat.TCP.tw') + moved(lately, 'TcpExt.TW')
  const opened = moved(lately, 'Tcp.PassiveOpens')
  return rejectedSyns(lately) >= Math.max(leastSyns, leastShare * Math.max(closed, opened))
}

/** The client cannot see why, but that its SYNs were answered by an older connection. */
function seenByClient(context: ExplainContext): Verdict | null {
  const stale = staleAcks(context)
  if (stale === 0) return null
  return {
    severity: severityOf(context, stale),
    side: 'server',
    title: `${figure(stale)} SYNs were answered with a stale ACK, not lost: the server holds a TIME_WAIT of their 4-tuple, as behind a NAT that reuses ports`,
    evidence: [
      ...counterEvidence(context, 'Tcp.OutRsts', 'TcpExt.TCPSynRetrans'),
      ...fact('retransmits.syn', context.run?.retransmits.syn ?? null)
    ],
    remedy: [command('nstat -asz TcpExtPAWSTimewait'), ...remedy],
    events: stale,
    explains: [synLoss, synUnanswered]
  }
}

/**
 * Stale ACKs this client answered with RST; 0 unless resets and repeated SYNs go together, as they do here and nowhere
 * else (tcp_rcv_synsent_state_process; a lost SYN brings no RST). Resets with another reason do not count: a SYN-ACK that
 * came after we had given up, and closing by RST, which the counters at the end may or may not have seen yet.
 */
export function staleAcks(context: ExplainContext): number {
  const { run, scenario } = context
  if (run === null || context.peerIsHere || run.retransmits.syn + timedOut(run) === 0) return 0
  const { established, closedByPeer } = run.connections
  const repeated = moved(context, 'TcpExt.TCPSynRetrans')
  const resets = moved(context, 'Tcp.OutRsts') - timedOut(run)
  const unlessClosed = resets - (scenario?.close === 'rst' ? established - closedByPeer : 0)
  const fits = (count: number) => repeated > 0 && count >= repeated / 2 && count <= repeated * 2
  return [unlessClosed, resets].find(fits) ?? 0
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

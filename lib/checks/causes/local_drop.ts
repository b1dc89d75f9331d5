import { defineCheck, type ExplainContext, type Verdict } from '../context.js'
import { counterEvidence, fact, figure, inRamp, moved } from '../evidence.js'
import { mayBeIpsec, notDelivered, notOnTheWire, notSent } from '../own_packets.js'
import { advice, command } from '../remedy.js'
import { accountsForLoss, lossSeverity, lostSyns } from '../symptoms.js'
import { phantomEstablished } from './phantom_established.js'
import { synLoss } from './syn_loss.js'
import { synUnanswered } from './syn_unanswered.js'

/**
 * This host dropped SYNs of its own, or the answers to them: a rule of its firewall, a shaper, a full device queue. TCP
 * is told that a repeated SYN could not be sent, and counts it (tcp_retransmit_skb in net/ipv4/tcp_output.c); connect(2)
 * is not.
 */
export const localDrop = defineCheck({
  id: 'local-drop',
  rank: 166,
  concerns: 'dialer',
  about: {
    summary:
      'The dialing host drops its own SYNs before they leave, or drops the answers after they arrive: a rule of its firewall, a traffic shaper or a full device queue does that. From outside it looks as if the target did not answer.',
    evidence:
      'TCP counts the repeated SYNs that it could not send (TCPRetransFail), IP counts fewer packets sent than it was given (OutRequests, OutTransmits), or fewer delivered than received (InReceives, InDelivers). The figure must account for the SYNs that this run lost. Packets that connection tracking or the reverse path filter dropped have counters and findings of their own.',
    remedy:
      'Find what drops the packets: `nft list ruleset` shows the rules of the firewall, and `tc -s qdisc show` the shapers and queues with their drops. To remove the rule or to widen the queue is advice.',
    mistakenFor:
      'A target that drops SYNs, or a lossy network: there every packet leaves this host, and every packet that arrives is delivered.'
  },

  explain(context) {
    if (context.run === null || context.downDevice?.isOnlyWay) return null
    // Then packets wait for a hardware address.
    if (context.rejections?.silentHop) return null
    return outgoing(context) ?? incoming(context)
  }
})

function outgoing(context: ExplainContext): Verdict | null {
  const ramp = inRamp(context)
  const counted = notSent(context)
  const failed = Math.min(moved(ramp, 'TcpExt.TCPRetransFail'), moved(ramp, 'TcpExt.TCPSynRetrans'))
  const offWire = notOnTheWire(context)
  const isConfirmed = failed > 0 || (offWire ?? 0) > 0 || !mayBeIpsec(context)
  const unsent = isConfirmed ? counted : null
  const drops = Math.max(unsent ?? 0, failed, offWire ?? 0) - tracked(ramp)
  if (!accountsForLoss(context, drops)) return null
  return {
    severity: lossSeverity(context, drops),
    side: 'client',
    title: `this host dropped ${figure(drops)} of its own packets before they left, SYNs among them: ${byWhat(unsent, drops)}`,
    evidence: [
      ...counterEvidence(
        ramp,
        'TcpExt.TCPRetransFail',
        'TcpExt.TCPSynRetrans',
        'Ip.OutRequests',
        'Ip.OutTransmits',
        'Ip.OutDiscards',
        'Ip6.OutRequests',
        'Ip6.OutTransmits'
      ),
      ...fact('packets that IP did not send', unsent),
      ...fact('SYNs that no device sent, at least', offWire)
    ],
    remedy: [
      advice('find the rule or the queue that drops them, and remove or widen it:'),
      command('nft list ruleset'),
      command('tc -s qdisc show')
    ],
    events: drops,
    // Final ACKs are among the packets.
    explains: [synLoss, synUnanswered, phantomEstablished]
  }
}

/** Above IP it is the firewall; below it the device. */
function byWhat(unsent: number | null, drops: number): string {
  if (unsent === null) return 'a rule of its firewall, a traffic shaper, or a full device queue does that'
  return unsent >= drops / 2
    ? 'a rule of its firewall does that (output or postrouting)'
    : 'the queue of a device does that (a traffic shaper, or too short a queue), or a rule at its egress'
}

function incoming(context: ExplainContext): Verdict | null {
  const ramp = inRamp(context)
  const drops = notDelivered(context) - tracked(ramp)
  const lost = lostSyns(context)
  // A SYN brings about at least one answer, and as many as the target sends again. Fewer or more are other packets, and
  // those that a router drops on their way look the same.
  if (!accountsForLoss(context, drops) || drops < lost * fewestAnswers || drops > lost * mostAnswers)
    return null
  // With both ends here, what the listener did not take is no answer.
  if (context.peerIsHere && moved(ramp, 'TcpExt.ListenDrops') >= lost / 2) return null
  if (moved(ramp, 'Ip.ForwDatagrams') + moved(ramp, 'Ip6.OutForwDatagrams') >= drops) return null
  return {
    severity: lossSeverity(context, drops),
    side: 'client',
    title: `this host dropped ${figure(drops)} packets that came in for it, as many as the answers that are missing: a rule of its firewall does that (prerouting or input)`,
    evidence: [
      ...counterEvidence(
        ramp,
        'Ip.InReceives',
        'Ip.InDelivers',
        'Ip6.InReceives',
        'Ip6.InDelivers',
        'TcpExt.TCPSynRetrans'
      ),
      ...fact('packets that IP did not deliver', drops)
    ],
    remedy: [advice('find the rule that drops them, and remove it:'), command('nft list ruleset')],
    events: drops,
    explains: [synLoss, synUnanswered]
  }
}

/** Answers for each lost SYN. */
const fewestAnswers = 0.8
const mostAnswers = 32

/** What connection tracking and a full neighbor table dropped, for which there are other checks. */
function tracked(context: ExplainContext): number {
  return (
    moved(context, 'Conntrack.drop') +
    moved(context, 'Conntrack.chaintoolong') +
    moved(context, 'Neigh4.table_fulls') +
    moved(context, 'Neigh6.table_fulls')
  )
}

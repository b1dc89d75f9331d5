import { isNotable, namespaceLoss, type SegmentLoss } from '../../observe/segment_loss.js'
import { defineCheck, type ExplainContext } from '../context.js'
import { endedBy, exchangeSeverity } from '../endings.js'
import { counterEvidence, fact, figure, percent } from '../evidence.js'
import { advice, command } from '../remedy.js'

/** Share of lost segments from which on every figure of the run is bent. */
const graveShare = 0.05

/** The shortest retransmission timeout, TCP_RTO_MIN in include/net/tcp.h: an exchange with a lost segment takes longer. */
const shortestTimeoutUs = 200_000

/**
 * Segments of established connections are lost and sent again, in proportion to all that were sent. Connections that got
 * nothing through at all have causes of their own.
 */
export const dataLoss = defineCheck({
  id: 'data-loss',
  rank: 228,
  concerns: 'path',
  about: {
    summary:
      'Some packets of established connections are lost and sent again. Everything works, but each loss delays the connection by a fifth of a second or more.',
    evidence:
      "The share of segments that were sent again, without SYNs, by TCP_INFO of the run's own connections. The connections of a churn do not last, so there the counters of the network namespace show it, provided that most of the traffic is the run's and that its slowest exchanges took as long as a retransmission.",
    remedy:
      'Find the device or queue that drops the packets, and change that. `ip -s -s link` and `nstat` show the drops of this host; to check the queues on the way with `tc -s qdisc` is advice.',
    mistakenFor: 'A slow server: its exchanges are slow although no segment is sent again.'
  },

  explain(context) {
    const { run } = context
    if (run === null) return null
    const loss = lossOf(context)
    if (loss === null || !isNotable(loss) || hasOtherCause(context)) return null
    const share = loss.again / loss.sent
    return {
      severity: share < graveShare ? 'info' : 'warning',
      side: 'path',
      title: `${figure(loss.again)} of ${figure(loss.sent)} segments (${percent(share)}) were lost on established connections and sent again`,
      evidence: [
        ...(context.endings.loss
          ? fact('TCP_INFO total_retrans of segs_out, without SYNs', `${loss.again} of ${loss.sent}`)
          : []),
        ...counterEvidence(
          context,
          'Tcp.RetransSegs',
          'Tcp.OutSegs',
          'TcpExt.TCPSynRetrans',
          'TcpExt.TCPDSACKRecv',
          'TcpExt.TCPTimeouts'
        )
      ],
      remedy: [
        command('ip -s -s link'),
        command('nstat -asz TcpRetransSegs TcpExtTCPLostRetransmit IpInDiscards IpOutDiscards'),
        advice('look at the drops of each device and queue on the way: tc -s qdisc')
      ],
      events: loss.again
    }
  }
})

function lossOf(context: ExplainContext): SegmentLoss | null {
  const { run, deltas, endings } = context
  if (run?.churn) return isOurs(context) ? namespaceLoss(deltas) : null
  return endings.loss
}

/** Data that never arrives is sent again as well. */
function hasOtherCause(context: ExplainContext): boolean {
  const { count } = endedBy(context, 'unacknowledged', 'oversized', 'halfOpen', 'silenced', 'answerLost')
  return count > 0 && exchangeSeverity(context, count) === 'critical'
}

/** Whether half of all segments are the run's, at the least it must have sent: the counters are the namespace's. */
function isOurs({ run, peerIsHere, deltas }: ExplainContext): boolean {
  if (run === null) return false
  // What closed sockets of others send again is in the counters as well, and slows down no exchange of ours.
  if ((run.exchangeLatency?.p99 ?? 0) < shortestTimeoutUs) return false
  const { attempted, established } = run.connections
  const exchanges = run.exchange?.completed ?? 0
  const least = attempted + established + exchanges
  // At the other end at least the SYN-ACK and the answer.
  const answers = peerIsHere ? established + exchanges : 0
  const { sent, again } = namespaceLoss(deltas)
  return least + answers >= (sent - again) / 2
}

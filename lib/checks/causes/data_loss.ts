import { movedBy } from '../../host/counters.js'
import { defineCheck, type ExplainContext } from '../context.js'
import { counterEvidence, fact, figure, moved, percent } from '../evidence.js'
import { advice, command } from '../remedy.js'

/** Share of lost segments from which on it is worth a word, and from which on it bends every figure. */
const notableShare = 0.01
const graveShare = 0.05

/** Fewer are chance. */
const fewest = 10

/**
 * Segments of established connections are lost and sent again, in proportion to all that were sent. Connections that got
 * nothing through at all have causes of their own, and are left out.
 */
export const dataLoss = defineCheck({
  id: 'data-loss',
  rank: 232,
  concerns: 'path',
  about: {
    summary:
      'Some packets of established connections are lost and sent again. Everything works, but each loss costs the connection a fifth of a second or more.',
    evidence:
      'Segments sent again, without SYNs, without those the peer reports as received twice and without those of connections that got nothing through, against all segments sent: by the counters of this network namespace, and only where most of its traffic is that of the run.',
    mistakenFor: 'A slow server: its exchanges are slow without a single segment sent again.'
  },

  explain(context) {
    const { run } = context
    if (run === null) return null
    const lost = lostSegments(context)
    const sent = moved(context, 'Tcp.OutSegs')
    const share = sent > 0 ? lost / sent : 0
    if (lost < fewest || share < notableShare || !isOurs(context, sent)) return null
    return {
      severity: share < graveShare ? 'info' : 'warning',
      side: 'path',
      title: `${figure(lost)} of ${figure(sent)} segments (${percent(share)}) were lost on established connections and sent again`,
      evidence: [
        ...counterEvidence(
          context,
          'Tcp.RetransSegs',
          'Tcp.OutSegs',
          'TcpExt.TCPSynRetrans',
          'TcpExt.TCPDSACKRecv',
          'TcpExt.TCPTimeouts'
        ),
        ...(run.retransmits.segments === null ? [] : fact('retransmits.segments', run.retransmits.segments))
      ],
      remedy: [
        command('ip -s -s link'),
        command('nstat -asz TcpRetransSegs TcpExtTCPLostRetransmit IpInDiscards IpOutDiscards'),
        advice('look at the drops of each device and queue on the way: tc -s qdisc')
      ],
      events: lost
    }
  }
})

/** Segments that were lost: what was sent again, but for SYNs, what the peer had already, and what never got through. */
function lostSegments(context: ExplainContext): number {
  const neverArrived = context.endings.early.reduce((sum, { resent }) => sum + resent, 0)
  const again =
    moved(context, 'Tcp.RetransSegs') -
    moved(context, 'TcpExt.TCPSynRetrans') -
    moved(context, 'TcpExt.TCPDSACKRecv')
  return again - neverArrived
}

/** Whether half of all segments are the run's, at the least it must have sent: the counters are the namespace's. */
function isOurs({ run, peerIsHere, deltas }: ExplainContext, sent: number): boolean {
  if (run === null) return false
  const { attempted, established } = run.connections
  const exchanges = run.exchange?.completed ?? 0
  const least = attempted + established + exchanges
  // At the other end at least the SYN-ACK and the answer.
  const answers = peerIsHere ? established + exchanges : 0
  return least + answers >= (sent - movedBy(deltas, 'Tcp.RetransSegs')) / 2
}

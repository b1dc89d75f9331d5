import { defineCheck } from '../context.js'
import { counterEvidence, fact, figure, inRamp, percent } from '../evidence.js'
import { advice } from '../remedy.js'
import { repeatedSyns } from '../repeated_syns.js'
import { isCriticalShare } from '../symptoms.js'
import { healthyShare } from './syn_loss.js'

/** The answers to SYNs took more than a second, so that the kernel sent others, which were not needed. */
export const slowHandshakes = defineCheck({
  id: 'slow-handshakes',
  rank: 225,
  concerns: 'path',
  tentativeFromAfar: true,
  about: {
    summary:
      'Handshakes take more than a second although no packet is lost: the path or the server answers slowly. The kernel sends a SYN again after a second, and the answer to the first one arrives later.',
    evidence:
      'The answer echoes the TCP timestamp of the first SYN and arrived after the kernel had sent another one. A server whose SYN-ACK was lost echoes that timestamp as well, so the connect latencies must not cluster where repeated SYNs are answered: one second, or two, or three, plus the round trip.',
    remedy:
      'Compare the connect latency with the round trip of ping. Where the round trip is short, look at the server or a proxy, which delays its answers. This is advice.',
    mistakenFor:
      'Lost packets (`syn-loss`): every counter shows repeated SYNs in both cases. After a lost SYN the answer echoes a later one, and the latency is that of the retry.'
  },

  explain(context) {
    const { run } = context
    if (run === null) return null
    const { late, slowSeconds } = repeatedSyns(context)
    const share = late / Math.max(1, run.connections.established)
    if (late === 0 || share < healthyShare) return null
    const took = slowSeconds === null ? 'more than a second' : `${figure(Number(slowSeconds.toFixed(2)))} s`
    return {
      severity: isCriticalShare(late, run.connections.established) ? 'warning' : 'info',
      side: 'path',
      title: `handshakes of ${figure(late)} connections (${percent(share)}) took ${took}: the path or the server answers slowly; SYNs were sent again before the answer came, and none needs to be lost`,
      evidence: [
        ...fact('retransmits.connectionsWithSynRetry', run.retransmits.connectionsWithSynRetry),
        ...fact('retransmits.firstSynAnswered', run.retransmits.firstSynAnswered),
        ...fact('connectLatency.p50', run.connectLatency.p50),
        ...counterEvidence(inRamp(context), 'TcpExt.TCPSynRetrans')
      ],
      remedy: [
        advice(
          'compare the round trip of ping; where that is short, the server or a proxy delays its answers'
        )
      ],
      events: late
    }
  }
})

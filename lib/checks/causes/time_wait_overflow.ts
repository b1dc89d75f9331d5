import { defineCheck, type ExplainContext } from '../context.js'
import { counterEvidence, fact, figure, gaugePeak, moved } from '../evidence.js'
import { roundUp, sysctl } from '../remedy.js'
import { isCriticalShare } from '../symptoms.js'

/**
 * More sockets than `tcp_max_tw_buckets` were to wait in TIME_WAIT; those beyond it were closed at once, so a late segment
 * of theirs may reach a new connection: tcp_time_wait in net/ipv4/tcp_minisocks.c.
 */
export const timeWaitOverflow = defineCheck({
  id: 'time-wait-overflow',
  rank: 150,
  concerns: 'host',
  about: {
    summary:
      'More sockets are in TIME_WAIT than net.ipv4.tcp_max_tw_buckets allows, and the kernel closes further ones at once. A late segment of such a connection may reach a new one on the same ports.',
    evidence:
      'The kernel counts each socket that skips TIME_WAIT because of this limit. Sockets that skip it when a run closes its connections at the end do not count: no new connection follows.',
    remedy:
      'Raise net.ipv4.tcp_max_tw_buckets to the value in the remedy, unless the server has a low limit on purpose.',
    mistakenFor:
      'A limit on connections: no connection fails because of this one. A server may have a low limit on purpose, so that no TIME_WAIT rejects a SYN (`time-wait-paws`).'
  },

  predict({ facts: { tcp }, needs }) {
    if (tcp.maxTwBuckets === null || needs.timeWaits <= tcp.maxTwBuckets) return null
    return {
      severity: 'info',
      side: 'client',
      title: `${figure(needs.timeWaits)} sockets will be in TIME_WAIT at a time and ${figure(tcp.maxTwBuckets)} may: the others close without it`,
      evidence: [
        ...fact('net.ipv4.tcp_max_tw_buckets', tcp.maxTwBuckets),
        ...fact('needs.timeWaits', needs.timeWaits)
      ],
      remedy: [sysctl('net.ipv4.tcp_max_tw_buckets', roundUp(needs.timeWaits))],
      events: needs.timeWaits - tcp.maxTwBuckets
    }
  },

  explain(context) {
    const skipped = moved(context, 'TcpExt.TCPTimeWaitOverflow')
    if (skipped <= 0 || onlyAtTheEnd(context)) return null
    const { maxTwBuckets } = context.facts.after.tcp
    const waiting = gaugePeak(context, 'Sockstat.TCP.tw')
    return {
      severity: isBesideServer(context, skipped) ? 'warning' : 'info',
      side: context.peerIsHere ? 'server' : 'client',
      title: `${figure(skipped)} connections closed without TIME_WAIT${maxTwBuckets === null ? '' : `: no more than ${figure(maxTwBuckets)} sockets may wait`}`,
      evidence: [
        ...counterEvidence(context, 'TcpExt.TCPTimeWaitOverflow'),
        ...fact('Sockstat.TCP.tw', waiting),
        ...fact('net.ipv4.tcp_max_tw_buckets', maxTwBuckets)
      ],
      // Twice as many: a run that is repeated within a minute meets the TIME_WAITs of this one.
      remedy: [
        sysctl('net.ipv4.tcp_max_tw_buckets', roundUp(2 * ((waiting ?? maxTwBuckets ?? 0) + skipped)))
      ],
      events: skipped
    }
  }
})

/** A hundredth of the connections that a server has accepted meanwhile, or more. */
function isBesideServer(context: ExplainContext, skipped: number): boolean {
  return context.run === null && isCriticalShare(skipped, moved(context, 'Tcp.PassiveOpens'))
}

/** A run that closes its connections when all is over makes more TIME_WAITs than fit, and nobody is left to mind. */
function onlyAtTheEnd({ run }: ExplainContext): boolean {
  return run !== null && run.churn === null && run.connections.closedByPeer === 0
}

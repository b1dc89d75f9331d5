import { defineCheck, type ExplainContext } from '../context.js'
import { type Ended, endEvidence, endedBy, exchangeSeverity, inSeconds } from '../endings.js'
import { counterEvidence, fact, failures, figure, tallyEvidence } from '../evidence.js'
import { advice } from '../remedy.js'

/** Idle times below are no matter of forgetting: no NAT or firewall has so short a timeout. */
const shortestIdleNs = 0.5e9

/**
 * Connections that were answered, then idle, and whose next packet nobody knew: it was never acknowledged, or reset. A new
 * connection was answered at the same time, so the path and the server are there.
 */
export const idleConnectionForgotten = defineCheck({
  id: 'idle-connection-forgotten',
  rank: 181,
  concerns: 'path',
  about: {
    summary:
      'A NAT, a firewall or a load balancer on the way keeps a table of connections and removes those that have been idle for longer than its timeout. Both ends still have the connection; its next packet is dropped, or answered with a reset.',
    evidence:
      'The previous exchange on the same connection was answered; the next one, after the idle time, was not acknowledged or was reset at its first segment; almost no connection survived such an idle time; and one more connection, dialed at the end, was answered.',
    remedy:
      'Send keepalive probes more often than the timeout: `--keepalive` in a dial, SO_KEEPALIVE with TCP_KEEPIDLE in the application. Or raise the timeout in the device that forgets; on Linux that is net.netfilter.nf_conntrack_tcp_timeout_established. All lines are advice, because that device is not this host.',
    mistakenFor:
      'A path or a server that is down (`data-unacknowledged`): then a new connection is not answered either. An idle timeout of the server (`peer-closed`), which ends connections with FIN.'
  },

  explain(context) {
    const ended = forgottenOf(context)
    if (ended === null) return null
    const idle = idleOf(ended)
    const seconds = Math.max(1, Math.floor(idle.shortestNs / 2e9))
    return {
      severity: exchangeSeverity(context, ended.count),
      side: 'path',
      title: `${figure(ended.count)} connections were forgotten on the way after ${inSeconds(idle.usualNs)} idle: ${what(ended)}, while a new connection is answered: a NAT or firewall has dropped them from its table`,
      evidence: [
        ...fact('idle before the exchange that failed, p10', inSeconds(idle.shortestNs)),
        ...fact('idle before the exchange that failed, p50', inSeconds(idle.usualNs)),
        ...fact('one more connection', 'answered'),
        ...endEvidence(ended, 'unacked', 'retransmits', 'segsIn', 'rttUs'),
        ...tallyEvidence(failures(context, ['ETIMEDOUT', 'ECONNRESET', 'EPIPE'], 'exchange').tallies),
        ...counterEvidence(context, 'Tcp.RetransSegs', 'Tcp.EstabResets')
      ],
      remedy: [
        advice(
          `--keepalive ${seconds}s, or SO_KEEPALIVE with TCP_KEEPIDLE ${seconds} in the application: probes that come before the timeout keep the entry`
        ),
        advice(
          'or raise the timeout where it is: sysctl -w net.netfilter.nf_conntrack_tcp_timeout_established=SECONDS'
        )
      ],
      events: ended.count
    }
  }
})

/** Those that were forgotten; null when there are none, or when it can't be told from a path that is gone. */
export function forgottenOf(context: ExplainContext): Ended | null {
  const { settledExchanges, fresh } = context.endings
  const ended = endedBy(context, 'silenced', 'cutOff')
  if (ended.main === null || fresh !== 'answered') return null
  // One that got through a whole period of idle, again and again, was not forgotten for that.
  if (settledExchanges > ended.count / 10 || idleOf(ended).shortestNs < shortestIdleNs) return null
  return ended
}

function idleOf({ ends }: Ended): { shortestNs: number; usualNs: number } {
  return {
    shortestNs: Math.min(...ends.map(({ quietP10Ns }) => quietP10Ns)),
    usualNs: ends[0]?.quietP50Ns ?? 0
  }
}

function what({ ends }: Ended): string {
  const causes = new Set(ends.map(({ cause }) => cause))
  if (!causes.has('cutOff')) return 'their next data was never acknowledged'
  if (!causes.has('silenced')) return 'their next data was reset'
  return 'their next data was never acknowledged, or reset'
}

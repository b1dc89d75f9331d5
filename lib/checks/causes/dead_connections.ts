import { approximateDurationUs } from '../../base/units.js'
import { extrapolated } from '../../observe/proof_view.js'
import { defineCheck } from '../context.js'
import { connectionEvidence, counterEvidence, fact, failures, figure, tallyEvidence } from '../evidence.js'
import { advice } from '../remedy.js'
import { isCriticalShare } from '../symptoms.js'
import { peerClosed } from './peer_closed.js'

/**
 * Connections whose peer is gone without a word: its host died or lost its network, a NAT or a firewall forgot them, or a SYN
 * proxy had completed the handshake for a server that never answered. They stay ESTABLISHED for as long as nothing is sent.
 */
export const deadConnections = defineCheck({
  id: 'dead-connections',
  rank: 135,
  concerns: 'path',
  tentativeFromAfar: true,
  about: {
    summary:
      'Connections are established and held, but their peer is gone: its host died, the network in between broke, a NAT or a firewall forgot the connection, or a SYN proxy completed the handshake for a server that never answered. A connection on which nothing is sent stays established forever.',
    evidence:
      'Three keepalive probes in a row were not answered; or the kernel gave the connection up after as many probes as it sends (ETIMEDOUT); or the peer answered a probe with a reset, although it had sent something before. The probes are those of `--keepalive`, or the ones that a run sends to a sample of its connections during the hold.',
    remedy:
      'Check that the host of the peer runs and is reachable, and look for a SYN proxy on the way or for a server that never took the connections. To keep idle connections in the tables of NATs and firewalls, set `--keepalive` below their timeouts. All lines are advice.',
    mistakenFor:
      'A server that is slow or stopped: the kernel of its host still answers probes. A peer that closes the connections (`peer-closed`): it sends FIN or RST without being probed. A firewall that drops packets without data makes live connections look dead.'
  },

  explain(context) {
    const { run, proof } = context
    if (run === null || proof === null) return null
    const count = proof.silent + proof.gone
    if (count === 0) return null
    const { tallies } = failures(context, ['ETIMEDOUT', 'ECONNRESET'], 'hold')
    const isSample = proof.of > proof.probed
    return {
      severity: isCriticalShare(count, proof.probed) ? 'critical' : 'warning',
      side: proof.zeroWindow > count / 2 ? 'path' : 'server',
      title: `${figure(count)} of ${figure(proof.probed)} connections ${isSample ? 'that were probed ' : ''}are dead: ${reason(proof)}${isSample ? `; of all ${figure(proof.of)} that would be about ${figure(extrapolated(count, proof))}` : ''}`,
      evidence: [
        ...connectionEvidence(context, 'established'),
        ...fact('alive.probed', proof.probed),
        ...fact('alive.proven', proof.proven),
        ...fact('probe.unanswered', proof.silent),
        ...tallyEvidence(tallies),
        ...counterEvidence(context, 'TcpExt.TCPKeepAlive')
      ],
      remedy: [
        ...(proof.zeroWindow > 0
          ? [advice('look for a SYN proxy on the way, and whether the server behind it runs')]
          : []),
        ...(proof.neverHeard > proof.zeroWindow
          ? [
              advice(
                'look whether the server ever had them (full accept queue, SYN cookies): nstat -az TcpExtListenOverflows TcpExtSyncookiesFailed'
              )
            ]
          : []),
        advice(
          'look whether the host of the peer runs and is reachable (ping), and what was lost on the way (ip -s link)'
        ),
        advice(
          'keep idle connections in the tables of NATs and firewalls: --keepalive shorter than their timeouts'
        )
      ],
      events: count,
      explains: [peerClosed]
    }
  }
})

function reason({
  silent,
  neverHeard,
  zeroWindow,
  gone,
  longestSilenceMs
}: {
  silent: number
  neverHeard: number
  zeroWindow: number
  gone: number
  longestSilenceMs: number
}): string {
  if (silent === 0) return gone === 1 ? 'its peer is gone' : 'their peer is gone'
  const silence = approximateDurationUs(longestSilenceMs * 1000)
  if (zeroWindow > silent / 2)
    return `their peer has answered nothing since it completed the handshake, and never opened its window, as a SYN proxy does when its server is not there`
  return neverHeard > silent / 2
    ? `their peer has answered nothing since the handshake, for ${silence}`
    : `their peer has answered nothing for ${silence}`
}

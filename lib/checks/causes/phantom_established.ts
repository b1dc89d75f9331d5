import { defineCheck, type ExplainContext } from '../context.js'
import { connectionEvidence, counterEvidence, fact, figure, moved, withClosing } from '../evidence.js'
import { advice, raiseSomaxconn } from '../remedy.js'
import { isCriticalShare } from '../symptoms.js'

/**
 * Connections only the client believes in. The accept queue was full when the final ACK came, so the server dropped it
 * and still waits in SYN_RECV, while the client is ESTABLISHED since the SYN-ACK: tcp_check_req in
 * net/ipv4/tcp_minisocks.c. Seen from the client, SYN-ACKs come again (`tcpi_segs_in` grows) and no data ever does.
 */
export const phantomEstablished = defineCheck({
  id: 'phantom-established',
  rank: 130,
  concerns: 'listener',

  explain(context) {
    const phantoms = phantomCount(context)
    const { run, server, census } = context
    if (phantoms === 0 || run === null) return null
    return {
      severity: isCriticalShare(phantoms, run.connections.established) ? 'critical' : 'warning',
      side: 'server',
      title: `${figure(phantoms)} of ${figure(run.connections.established)} connections are established for the client only: the server dropped their final ACK`,
      evidence: [
        ...connectionEvidence(context, 'established'),
        ...(server
          ? [...fact('server.standing', server.standing), ...fact('server.queued', server.queued)]
          : []),
        ...(census ? fact('census.repeatedSynAcks', census.repeatedSynAcks) : []),
        ...counterEvidence(context, 'TcpExt.ListenOverflows', 'TcpExt.TCPSynRetrans')
      ],
      remedy: [
        advice('accept faster, and listen with a longer backlog'),
        raiseSomaxconn,
        advice(
          'the first byte from the server, not connect(2), tells that a connection stands: send and expect one'
        )
      ],
      events: phantoms
    }
  }
})

/**
 * How many there are, as far as it can be told; 0 unless something proves it. With the listener here: connections
 * its end of which is not established, while ListenOverflows moved. A listener with TCP_DEFER_ACCEPT ignores final ACKs on
 * purpose and accepts at the first data; TCPDeferAcceptDrop counts those.
 */
export function phantomCount(context: ExplainContext): number {
  const { run, server, census, peerIsHere } = context
  if (run === null || moved(context, 'TcpExt.TCPDeferAcceptDrop') > 0) return 0
  if (!peerIsHere) return census?.repeatedSynAcks ?? 0
  if (moved(context, 'TcpExt.ListenOverflows') <= 0) return 0
  if (run.churn !== null && run.exchange === null) return neverOpenedHere(context)
  return Math.max(server?.missing ?? 0, census?.repeatedSynAcks ?? 0)
}

/**
 * Connections of a churn, which does not wait for an answer, that no listener here has made a socket of, at least: those
 * of other clients are in the counter as well.
 */
function neverOpenedHere(context: ExplainContext): number {
  const established = context.run?.connections.established ?? 0
  return Math.max(0, established - moved(withClosing(context), 'Tcp.PassiveOpens'))
}

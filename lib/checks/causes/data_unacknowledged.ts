import { defineCheck, type ExplainContext } from '../context.js'
import {
  type Ended,
  endEvidence,
  endedBy,
  exchangeSeverity,
  shareOfExchanges,
  timeoutText
} from '../endings.js'
import { counterEvidence, failures, figure, tallyEvidence } from '../evidence.js'
import { advice, type Remedy, sysctl } from '../remedy.js'
import { unansweredByClients } from '../watched/data_unacknowledged.js'
import { forgottenOf } from './idle_connection_forgotten.js'

/**
 * The handshake went through, and the data after it never did: TCP_INFO of the connection had segments that were sent again
 * and not acknowledged when the exchange was given up.
 */
export const dataUnacknowledged = defineCheck({
  id: 'data-unacknowledged',
  rank: 182,
  concerns: 'path',
  about: {
    summary:
      'Connections are established, but the data sent on them never arrives: the kernel sends it again and again, and the peer acknowledges none of it. Often only large segments are lost, because a link on the way takes smaller packets and the ICMP message that would say so is filtered: a path MTU black hole.',
    evidence:
      'TCP_INFO of each exchange that failed, read at that moment: segments are in flight, were sent again, and are not acknowledged. A message longer than the 500 bytes that fit through any link makes a black hole likely, and smaller segments behind the lost ones that were acknowledged selectively prove it. Beside the server: three or more accepted connections, and a hundredth of all, have sent the same data again four times in a row, which takes three seconds, by TCP_INFO of each.',
    remedy:
      'For a path MTU black hole, set net.ipv4.tcp_mtu_probing to 1 on the host that sends the large segments and allow 3 to 10 s for it to take effect; for good, let ICMP "fragmentation needed" and ICMPv6 "packet too big" pass, or clamp the MSS on the router. Otherwise capture on both sides, check the firewall rules on the way, and check the accept queue of the server where the finding says that SYN-ACKs are repeated. Only the sysctl on this host is a command; the rest is advice. Beside the server, the `ss`, `tcpdump` and `nft` lines show which clients are affected.',
    mistakenFor:
      'A server that does not answer (`peer-stalled`): its kernel acknowledges all data, even if the application does nothing. A full accept queue (`accept-queue-overflow`): then the peer repeats its SYN-ACK, and the title says so.'
  },

  explain(context) {
    if (context.run === null) return unansweredByClients(context)
    const forgotten = forgottenOf(context)
    const ended = endedBy(
      context,
      ...(['unacknowledged', 'oversized', 'halfOpen', 'answerLost'] as const),
      ...(forgotten ? [] : (['silenced'] as const))
    )
    if (ended.main === null) return null
    return {
      severity: exchangeSeverity(context, ended.count),
      side: 'path',
      title: title(context, ended),
      evidence: [
        ...endEvidence(
          ended,
          'sndMss',
          'unacked',
          'sacked',
          'retransmits',
          'segsIn',
          'outOfOrder',
          'rttUs',
          'rtoUs'
        ),
        ...tallyEvidence(failures(context, ['ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH']).tallies),
        ...counterEvidence(context, 'Tcp.RetransSegs', 'TcpExt.TCPTimeouts')
      ],
      remedy: remedy(ended),
      events: ended.count
    }
  }
})

function title(context: ExplainContext, { main, count }: Ended): string {
  const lost = `the data of ${shareOfExchanges(context, count)} was sent again and again, and never acknowledged`
  switch (main?.cause) {
    case 'oversized':
      return `${lost}: it looks like a path MTU black hole for segments of ${figure(main.sndMss)} bytes${main.sacked > 0 ? ', smaller ones arrive' : ''}`
    case 'answerLost':
      return `${shareOfExchanges(context, count)} got no answer within ${timeoutText(context)}: its beginning is lost while later segments arrive, which looks like a path MTU black hole toward this host`
    case 'halfOpen':
      return `${lost}, and the peer repeats its SYN-ACK: packets toward it are lost, or its accept queue is full and it drops the final ACK`
    case 'silenced':
      return `${lost}, although earlier exchanges on the same connections were answered: ${
        context.endings.fresh === 'answered'
          ? 'a new connection is answered, so the path was down for a while, or a NAT, a firewall or the server has forgotten them'
          : 'packets are lost on the way, or the peer is gone'
      }`
    default:
      return `${lost}: something on the way drops the packets of established connections`
  }
}

function remedy({ ends }: Ended): Remedy[] {
  const blackHole = ends.some(({ cause }) => cause === 'oversized' || cause === 'answerLost')
  if (!blackHole) {
    return [
      ...(ends.some(({ cause }) => cause === 'halfOpen')
        ? [
            advice(
              'on the server: ss -ltn shows a full accept queue where Recv-Q is above Send-Q; accept faster'
            )
          ]
        : []),
      advice(
        'capture on both sides: tcpdump -n tcp, and look for segments that leave here and do not arrive there'
      ),
      advice('look at the rules of every firewall on the way: nft list ruleset')
    ]
  }
  return [
    // It is the sender that tries smaller segments.
    ends[0]?.cause === 'answerLost'
      ? advice('on the server: sysctl -w net.ipv4.tcp_mtu_probing=1')
      : sysctl('net.ipv4.tcp_mtu_probing', 1),
    advice('it takes effect after some timeouts, 3 to 10 s: allow for that with --exchange-timeout'),
    advice(
      'and for good: let ICMP "fragmentation needed" (type 3, code 4) and ICMPv6 "packet too big" through'
    ),
    advice('or clamp the MSS on the router: nft add rule ... tcp flags syn tcp option maxseg size set rt mtu')
  ]
}

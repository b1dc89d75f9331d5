import { defineCheck, type ExplainContext, type Verdict } from '../context.js'
import { counterEvidence, fact, figure, inRamp } from '../evidence.js'
import {
  droppedShare,
  dropSeverity,
  isSynBacklogFull,
  leastDrops,
  mayBeIpv6,
  otherListenDrops
} from '../listen_drops.js'
import { advice, command } from '../remedy.js'
import { accountsForLoss, isCriticalShare } from '../symptoms.js'
import { synLoss } from './syn_loss.js'
import { synUnanswered } from './syn_unanswered.js'

/**
 * A listener drops the SYN of a source to which no route leads back: it would have nowhere to send its SYN-ACK.
 * inet_csk_route_req in net/ipv4/inet_connection_sock.c; counted as ListenDrops, and as OutNoRoutes by the lookup.
 */
export const noRouteBack = defineCheck({
  id: 'no-route-back',
  rank: 123,
  concerns: 'listener',
  about: {
    summary:
      'SYNs reach a listener, but its host has no route back to their source addresses, so it drops them. The client sees SYNs without an answer.',
    evidence:
      'On the host of the server ListenDrops rises together with OutNoRoutes, by more than full accept queues and SYN queues count. An IPv6 route of type unreachable, blackhole or prohibit does not count as OutNoRoutes: then the finding is a guess and says so.',
    remedy:
      'Find a source that gets no answer with the `tcpdump` line, ask for the route to it with `ip route get SOURCE`, and add the missing route. Adding the route is advice, because the gateway is not known here.',
    mistakenFor:
      'A full accept queue (`accept-queue-overflow`), which counts ListenOverflows, and a full SYN queue (`syn-queue-overflow`), which counts TCPReqQFullDrop or TCPReqQFullDoCookies. Without SYN cookies a listener also drops SYNs because of tcp_max_syn_backlog, which only ListenDrops counts; then three quarters of tcp_max_syn_backlog connections are half-open.'
  },

  explain(given) {
    const context = inRamp(given)
    if (!context.peerIsHere) return null
    const { unrouted, rest } = otherListenDrops(context)
    return proven(context, unrouted) ?? guessed(context, rest)
  }
})

function proven(context: ExplainContext, unrouted: number): Verdict | null {
  if (!accountsForLoss(context, unrouted)) return null
  return {
    severity: dropSeverity(context, unrouted),
    side: 'server',
    title: `${figure(unrouted)} SYNs were dropped: this host has no route back to their sources`,
    evidence: counterEvidence(context, 'TcpExt.ListenDrops', 'Ip.OutNoRoutes', 'Ip6.OutNoRoutes'),
    remedy,
    events: unrouted,
    explains: [synLoss, synUnanswered]
  }
}

function guessed(context: ExplainContext, rest: number): Verdict | null {
  if (rest < leastDrops || !mayBeIpv6(context, rest) || !accountsForLoss(context, rest)) return null
  if (!isCriticalShare(droppedShare(context, rest), 1)) return null
  const { syncookies, maxSynBacklog } = context.facts.after.tcp
  const hasBacklog = syncookies === 0
  // Then it is the SYN queue; so it is in a run whose listener is here, to which there is a route.
  if (hasBacklog && (context.run !== null || isSynBacklogFull(context))) return null
  return {
    severity: 'info',
    side: 'server',
    title: `${figure(rest)} SYNs were dropped for a reason that no counter tells: looks like an IPv6 route back to their sources that is unreachable, blackhole or prohibit${hasBacklog ? ', or like a SYN queue that was full for a moment' : ''}`,
    evidence: [
      ...counterEvidence(context, 'TcpExt.ListenDrops', 'TcpExt.ListenOverflows', 'TcpExt.TCPReqQFullDrop'),
      ...(hasBacklog
        ? [
            ...fact('net.ipv4.tcp_max_syn_backlog', maxSynBacklog),
            ...fact('half-open connections at most', context.halfOpenPeak ?? null)
          ]
        : [])
    ],
    remedy,
    events: 0
  }
}

const remedy = [
  advice('find the sources that get no answer, and how this host would reach one of them:'),
  command("tcpdump -ni any 'tcp[tcpflags] == tcp-syn'"),
  command('ip route get SOURCE'),
  advice('then add the route that is missing: ip route add SOURCE/PREFIX via GATEWAY')
]

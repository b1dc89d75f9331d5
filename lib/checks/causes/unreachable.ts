import { counterValue } from '../../host/counters.js'
import { defineCheck, type ExplainContext, type Verdict } from '../context.js'
import {
  counterEvidence,
  fact,
  failures,
  figure,
  hereSide,
  inRamp,
  moved,
  tallyEvidence
} from '../evidence.js'
import { advice, command, roundUp, sysctl } from '../remedy.js'
import { accountsForLoss, lossSeverity, severityOf } from '../symptoms.js'
import { synLoss } from './syn_loss.js'
import { synUnanswered } from './syn_unanswered.js'

/** There is no way to the target, or a rule on this host forbids it: connect(2) says so. */
export const unreachable = defineCheck({
  id: 'unreachable',
  rank: 180,
  concerns: 'dialer',

  predict({ needs: { unroutedTargets, connections } }) {
    const [first, ...others] = unroutedTargets
    if (first === undefined) return null
    return {
      severity: 'critical',
      side: 'client',
      title: `this host has no route to ${first}${others.length === 0 ? '' : ` and ${figure(others.length)} more`}`,
      evidence: fact('needs.unroutedTargets', unroutedTargets.slice(0, 10).join(' ')),
      remedy: [command(`ip route get ${first}`)],
      events: connections,
      bindsAt: 0
    }
  },

  explain: (context) => failed(context) ?? neighboursFull(context)
})

const noRoute = ['ENETUNREACH', 'ENETDOWN']
const noHost = ['EHOSTUNREACH', 'EHOSTDOWN', 'ENONET']
const forbidden = ['EACCES', 'EPERM']

function failed(context: ExplainContext): Verdict | null {
  const { tallies, count } = failures(context, [...noRoute, ...noHost, ...forbidden], 'connect')
  const most = tallies.toSorted((a, b) => b.count - a.count)[0]
  if (!most) return null
  const target = context.scenario?.targets[0]?.address
  const local = !noHost.includes(most.code)
  const reason = noRoute.includes(most.code)
    ? 'this host has no route to the target'
    : forbidden.includes(most.code)
      ? 'a rule of this host forbids it'
      : 'a router, or the missing answer of a neighbour, says that the target is not there'
  return {
    severity: severityOf(context, count),
    side: local ? 'client' : 'path',
    title: `${figure(count)} connections failed with ${most.code}: ${reason}`,
    evidence: [
      ...tallyEvidence(tallies),
      ...counterEvidence(
        context,
        'Ip.OutNoRoutes',
        'Ip6.OutNoRoutes',
        'Icmp.InDestUnreachs',
        'Icmp6.InDestUnreachs'
      )
    ],
    remedy: [
      ...(target ? [command(`ip route get ${target}`)] : []),
      forbidden.includes(most.code) ? command('nft list ruleset') : command('ip neigh show')
    ],
    events: count
  }
}

/**
 * More neighbours than the host may keep, all network namespaces together: packets to the others are dropped in silence
 * (neigh_alloc, arp(7)). Every repeated SYN to one of them counts once more. Whose packets they were shows where this
 * namespace could not send its own again, which the kernel counts for no drop beyond this host.
 */
function neighboursFull(context: ExplainContext): Verdict | null {
  const ramp = inRamp(context)
  const full = moved(ramp, 'Neigh4.table_fulls') + moved(ramp, 'Neigh6.table_fulls')
  const unsent = moved(ramp, 'TcpExt.TCPRetransFail')
  if (!accountsForLoss(context, Math.min(full, unsent))) return null
  const ipv6 = moved(ramp, 'Neigh6.table_fulls') > moved(ramp, 'Neigh4.table_fulls')
  const name = `net.ipv${ipv6 ? 6 : 4}.neigh.default.gc_thresh3`
  const { neighboursMaxV4, neighboursMaxV6 } = context.facts.after.network
  const set = ipv6 ? neighboursMaxV6 : neighboursMaxV4
  const max = set ?? counterValue(context.counters, ipv6 ? 'Neigh6.gc_thresh3' : 'Neigh4.gc_thresh3')
  return {
    severity: lossSeverity(context, full),
    side: hereSide(context),
    title: `the neighbour table of the whole host was full ${figure(full)} times: packets to further hosts of the network were dropped`,
    evidence: [
      ...counterEvidence(ramp, 'Neigh4.table_fulls', 'Neigh6.table_fulls', 'TcpExt.TCPRetransFail'),
      ...fact(name, max)
    ],
    remedy: [
      // The limit is the whole host's, and only its initial namespace has the sysctl.
      ...(set === null ? [advice('in the initial network namespace:')] : []),
      sysctl(name, roundUp((max ?? 1024) * 4)),
      advice('or reach the hosts through a router, not on one link')
    ],
    events: Math.min(full, unsent),
    explains: [synLoss, synUnanswered]
  }
}

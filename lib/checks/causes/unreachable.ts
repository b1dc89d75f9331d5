import type { CounterName } from '../../host/counter_names.js'
import { counterValue } from '../../host/counters.js'
import { isHostUnreachable } from '../../net/icmp_names.js'
import type { IcmpSender } from '../../observe/icmp_senders.js'
import type { SilentHop } from '../../observe/silent_hop.js'
import type { Evidence, Side } from '../../result/finding.js'
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
import { familiesOf, notSent } from '../own_packets.js'
import {
  explainsTimeouts,
  icmpReceived,
  isPortUnreachable,
  isProhibition,
  rejectedHere,
  saying,
  senderEvidence
} from '../rejections.js'
import { advice, command, type Remedy, roundUp, sysctl } from '../remedy.js'
import { accountsForLoss, lossSeverity, severityOf, timedOut } from '../symptoms.js'
import { synLoss } from './syn_loss.js'
import { synUnanswered } from './syn_unanswered.js'

/**
 * The target cannot be reached, or a host on the way rejects the connection. connect(2) fails at once when a route of this
 * host is the reason, and later when an ICMP error arrives. icmp_err_convert in net/ipv4/icmp.c maps the codes to errnos.
 */
export const unreachable = defineCheck({
  id: 'unreachable',
  rank: 180,
  concerns: 'dialer',
  about: {
    summary:
      'The kernel ends connections because the target cannot be reached: a route of this host leads nowhere or forbids the target, the next hop does not answer on the link, or a router, a firewall or the target rejects the SYN by ICMP.',
    evidence:
      'connect(2) that fails before anything is sent means a route or a policy of this host. Otherwise the kernel keeps the ICMP message of a sample of the failed handshakes: it shows the reason and its sender, which is this host, the target, or a host in between. A host sends ICMP at most once a second to the same receiver, so most of many rejected SYNs get no answer at all. A full neighbor table is recognized by its counter (table_fulls) together with SYNs that could not be sent again.',
    remedy:
      'The `ip route`, `ip neigh` and `nft` lines show the route, the silent next hop or the rule that is in the way; to delete or correct it is advice. Where the neighbor table is full, raise net.ipv4.neigh.default.gc_thresh3 (net.ipv6 for IPv6) in the initial network namespace.',
    mistakenFor:
      'A target that is down: a firewall on a running target rejects in the same way, with the same error code. The sender of the ICMP message tells them apart.'
  },

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

  explain: (context) => failed(context) ?? linkSilent(context) ?? neighboursFull(context)
})

/** By what rejects. ECONNREFUSED is {@link connectionRefused}'s. */
const codes = [
  ...['ENETUNREACH', 'ENETDOWN', 'EHOSTUNREACH', 'EHOSTDOWN', 'ENONET', 'EACCES', 'EPERM', 'EINVAL'],
  ...['ENOPROTOOPT', 'EOPNOTSUPP', 'EPROTO']
]

const counters4: readonly CounterName[] = [
  'Ip.OutNoRoutes',
  'Icmp.InDestUnreachs',
  'Icmp.InTimeExcds',
  'Icmp.OutDestUnreachs'
]
const counters6: readonly CounterName[] = [
  'Ip6.OutNoRoutes',
  'Icmp6.InDestUnreachs',
  'Icmp6.InTimeExcds',
  'Icmp6.OutDestUnreachs'
]

/** Who says that it does not work, in words, and what to do there. */
interface Reason {
  text: string
  side: Side
  remedy: Remedy[]
}

function failed(context: ExplainContext): Verdict | null {
  const { run } = context
  const { v4, v6 } = familiesOf(context)
  const { tallies, count } = failures(context, codes, 'connect')
  const most = tallies.toSorted((a, b) => b.count - a.count)[0]
  if (!most || run === null) return null
  const senders = (context.rejections?.icmp ?? []).filter((sender) => !isPortUnreachable(sender))
  const isHere = (context.rejections?.atOnce ?? 0) >= count / 2
  const reason = isHere ? routeSays(context, most.code) : icmpSays(context, senders[0], count)
  const silent = !isHere && explainsTimeouts(context) ? timedOut(run) : 0
  return {
    severity: severityOf(context, count + silent),
    side: reason.side,
    title: `${figure(count)} connections failed with ${most.code}: ${reason.text}${
      silent === 0 ? '' : `; ${figure(silent)} more timed out, because ICMP is sent at a limited rate`
    }`,
    evidence: [
      ...tallyEvidence([...tallies, ...(silent === 0 ? [] : failures(context, ['ETIMEDOUT']).tallies)]),
      ...fact('connections refused by connect(2) at once', context.rejections?.atOnce || null),
      ...senderEvidence(senders),
      ...(isHere ? [] : hopEvidence(context)),
      ...counterEvidence(inRamp(context), ...(v4 ? counters4 : []), ...(v6 ? counters6 : []))
    ],
    remedy: reason.remedy,
    events: count + silent,
    explains: silent === 0 ? [] : [synUnanswered, synLoss]
  }
}

/** What the result of connect(2) says where it fails at once: fib_props in net/ipv4/fib_semantics.c, ip6_route_info_create. */
function routeSays(context: ExplainContext, code: string): Reason {
  const here = (text: string, ...remedy: Remedy[]): Reason => ({
    text,
    side: 'client',
    remedy: [...askRoute(context), ...remedy]
  })
  switch (code) {
    case 'EACCES':
      return here(
        'a prohibit route or a security policy of this host forbids it',
        ...listRoutes(context, 'prohibit')
      )
    case 'EINVAL':
      return here('a blackhole route of this host leads nowhere', ...listRoutes(context, 'blackhole'))
    case 'EHOSTUNREACH':
      return here('an unreachable route of this host says so', ...listRoutes(context, 'unreachable'))
    case 'EPERM':
      return here(
        'a security policy of this host forbids it',
        advice('a BPF program of the control group does that, or a sandbox: bpftool cgroup tree')
      )
    case 'ENETUNREACH':
    case 'ENETDOWN':
      return here('this host has no route to the target')
    default:
      return here('this host says so before anything is sent')
  }
}

function icmpSays(context: ExplainContext, sender: IcmpSender | undefined, count: number): Reason {
  if (!sender) {
    if (rejectedHere(context, count)) return ownSays(context, null, count)
    return {
      text:
        icmpReceived(context) > 0
          ? 'the target, or a router or firewall on the way, says so by ICMP'
          : 'neither a route of this host nor ICMP tells why',
      side: 'path',
      remedy: askRoute(context)
    }
  }
  switch (sender.place) {
    case 'here':
      return ownSays(context, sender, count)
    case 'target':
      return {
        text: `the target itself rejects: ${saying(sender)}; a rule of its firewall does that`,
        side: 'server',
        remedy: [command('nft list ruleset')]
      }
    case 'elsewhere':
      return {
        text: `${sender.from}, a router or firewall on the way, ${isProhibition(sender) ? 'rejects' : 'says'}: ${saying(sender)}`,
        side: 'path',
        remedy: [...askRoute(context), advice(`look at the routes and rules of ${sender.from}`)]
      }
  }
}

/** This host sent the ICMP message to itself: for a rule, or because it found no hardware address. */
function ownSays(context: ExplainContext, sender: IcmpSender | null, count: number): Reason {
  const unsent = notSent(context)
  const hop = context.rejections?.silentHop
  const mayBeLink = sender === null || isHostUnreachable(sender.version, sender.type, sender.code)
  if (mayBeLink && hop) return hopSays(context, hop)
  if (mayBeLink && (unsent === null || unsent < count / 2))
    return {
      text: 'the next hop (the target, or the router to it) does not answer on the link, or a rule of this host rejects',
      side: 'path',
      remedy: [...askRoute(context), command('ip neigh show'), command('nft list ruleset')]
    }
  return {
    text: `a rule of this host's own firewall rejects${sender ? `: ${saying(sender)}` : ''}`,
    side: 'client',
    remedy: [advice('find the rule that rejects, and remove it:'), command('nft list ruleset')]
  }
}

/** Nobody answered for the address on the link; the SYNs wait there, and are dropped in the end. */
function hopSays(context: ExplainContext, { address, device, target }: SilentHop): Reason {
  const who = address === target ? 'the target' : `${address}, the router to the target,`
  return {
    text: `${who} does not answer on the link of ${device} (${address.includes(':') ? 'neighbor discovery' : 'ARP'})`,
    side: 'path',
    remedy: [...askRoute(context), command(`ip neigh show dev ${device}`)]
  }
}

/** The same where connections are given up before the kernel says so, after some three seconds. */
function linkSilent(context: ExplainContext): Verdict | null {
  const { run, rejections } = context
  const hop = rejections?.silentHop
  if (run === null || !hop?.isOnlyWay || run.connections.established > 0) return null
  const count = timedOut(run)
  if (count === 0) return null
  const { text, side, remedy } = hopSays(context, hop)
  return {
    severity: severityOf(context, count),
    side,
    title: `${figure(count)} connections timed out: ${text}`,
    evidence: [...tallyEvidence(failures(context, ['ETIMEDOUT']).tallies), ...hopEvidence(context)],
    remedy,
    events: count,
    explains: [synUnanswered, synLoss]
  }
}

function hopEvidence({ rejections }: ExplainContext): Evidence[] {
  const hop = rejections?.silentHop
  return hop ? fact(`neighbor ${hop.address} dev ${hop.device}`, 'no answer') : []
}

function askRoute({ scenario }: ExplainContext): Remedy[] {
  const target = scenario?.targets[0]?.address
  return target ? [command(`ip route get ${target}`)] : []
}

function listRoutes({ scenario }: ExplainContext, type: string): Remedy[] {
  const family = scenario?.targets[0]?.address.includes(':') ? '-6 ' : ''
  return [
    command(`ip ${family}route show table all type ${type}`),
    advice(`delete the route that stands in the way, or the rule: ip ${family}rule show`)
  ]
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
      sysctl(name, roundUp((max ?? 1024) * 4)),
      advice('or reach the hosts through a router, not on one link')
    ],
    events: Math.min(full, unsent),
    explains: [synLoss, synUnanswered]
  }
}

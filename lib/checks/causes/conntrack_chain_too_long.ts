import {
  bucketsFor,
  type ChainBound,
  chainBound,
  chainLoad,
  entriesWithin,
  refusedShare
} from '../../host/conntrack_buckets.js'
import type { HostFacts } from '../../host/facts.js'
import type { DialScenario } from '../../scenario/scenario.js'
import { defineCheck, type ExplainContext } from '../context.js'
import { counterEvidence, fact, figure, gaugePeak, hereSide, inRamp, moved, percent } from '../evidence.js'
import { advice, notrack, type Remedy, sysctl } from '../remedy.js'
import { accountsForLoss, isCriticalShare, lossSeverity } from '../symptoms.js'
import { synLoss } from './syn_loss.js'
import { synUnanswered } from './syn_unanswered.js'

/** Share of refused first SYNs from which on a prediction is worth a line. */
const noticeableShare = 1e-4

/**
 * Share from which on the chains are what binds: up to then the second SYN, a second later, gets most of the refused
 * through, and the rate hardly falls.
 */
const bindingShare = 0.1

/**
 * Conntrack's hash has too few buckets for its entries, and the kernel refuses an insert into a chain above a bound it
 * draws at random: no error, no log line, `drop` stays 0. The more entries, the more SYNs are lost, so the connect rate
 * decays by orders of magnitude. __nf_conntrack_confirm in net/netfilter/nf_conntrack_core.c, since 5.15.
 */
export const conntrackChainTooLong = defineCheck({
  id: 'conntrack-chain-too-long',
  rank: 70,
  concerns: 'host',
  about: {
    summary:
      'The hash table of connection tracking has too few buckets for its entries, and the kernel refuses new entries in long chains. It drops SYNs at random, more with every entry, so the connect rate decays, without an error or a line in the log.',
    evidence:
      'The counter chaintoolong of connection tracking rises and accounts for a fifth or more of the lost SYNs. A plan computes the share of refused SYNs from the entries of all network namespaces, which share the buckets, and from the chain length that this kernel allows.',
    remedy:
      'Raise net.netfilter.nf_conntrack_buckets in the initial network namespace. Or exclude the ports from tracking with the `nft` lines (notrack), but not ports that a NAT on that host translates, because NAT needs the tracking.',
    mistakenFor:
      'A full table (`conntrack-table-full`), which counts drop and writes to the kernel log. Loss on the way, which counts nothing here. Even a namespace with few entries is affected, because all namespaces share the buckets.'
  },

  predict({ facts, needs, scenario }) {
    const bound = boundOf(facts)
    const { buckets } = facts.conntrack
    if (bound === null || !buckets || needs.conntrackEntriesOnHost === 0) return null
    const present = facts.conntrack.entriesAllNamespaces ?? facts.conntrack.count ?? 0
    const total = present + needs.conntrackEntriesOnHost
    const load = chainLoad(total, buckets)
    const share = refusedShare(load, bound)
    if (share < noticeableShare) return null
    const room = Math.max(0, entriesWithin(bindingShare, buckets, bound) - present)
    return {
      severity: isCriticalShare(share, 1) ? 'critical' : 'warning',
      side: 'client',
      title: `${bound.certain ? '' : 'up to '}${percent(share)} of first SYNs will be dropped: ${figure(total)} tracked connections in ${figure(buckets)} buckets make chains of ${figure(load)}, and ${refusal(bound)}`,
      evidence: [
        ...fact('net.netfilter.nf_conntrack_buckets', buckets),
        ...fact('conntrack entries now', present),
        ...fact('needs.conntrackEntriesOnHost', needs.conntrackEntriesOnHost),
        ...fact('kernel', facts.kernel.release)
      ],
      remedy: remedy(total, scenario),
      events: Math.ceil(share * needs.connections),
      bindsAt: Math.floor((room * needs.connections) / needs.conntrackEntriesOnHost)
    }
  },

  explain(given) {
    const context = inRamp(given)
    const refused = moved(context, 'Conntrack.chaintoolong')
    if (!accountsForLoss(context, refused)) return null
    const { after } = context.facts
    const { buckets } = after.conntrack
    const own = ownEntries(context)
    const all = Math.max(own, entriesAll(context) ?? 0)
    const bound = boundOf(after)
    const load = buckets ? chainLoad(all, buckets) : null
    const elsewhere = all > 2 * own ? ', most of them of other namespaces,' : ''
    const wanted = all - own + Math.max(own, context.run?.connections.requested ?? 0)
    return {
      severity: lossSeverity(context, refused),
      side: hereSide(context),
      title:
        `connection tracking dropped ${figure(refused)} packets of new connections because its hash chains are too long` +
        (load === null || !buckets
          ? ''
          : `: ${figure(all)} entries${elsewhere} in ${figure(buckets)} buckets make chains of ${figure(load)}${bound ? `, and ${refusal(bound)}` : ''}`),
      evidence: [
        ...counterEvidence(context, 'Conntrack.chaintoolong', 'Conntrack.insert_failed'),
        ...fact('net.netfilter.nf_conntrack_buckets', buckets),
        ...fact('net.netfilter.nf_conntrack_count', own),
        ...fact('conntrack entries of all namespaces', entriesAll(context)),
        ...fact('net.netfilter.nf_conntrack_max', after.conntrack.max)
      ],
      remedy: remedy(wanted, context.scenario),
      events: refused,
      explains: [synLoss, synUnanswered]
    }
  }
})

/** The bound of this kernel; null when it has none. Backports to older kernels show in the statistics. */
function boundOf({ kernel, conntrack }: HostFacts): ChainBound | null {
  if (conntrack.boundsChains === false) return null
  const bound = kernel.version && chainBound(kernel.version)
  return bound ?? (conntrack.boundsChains ? { min: 8, max: 31, certain: false } : null)
}

function refusal({ min, max, certain }: ChainBound): string {
  return certain ? `this kernel refuses between ${min} and ${max}` : `this kernel may refuse from ${min} on`
}

function ownEntries(context: ExplainContext): number {
  const { before, after } = context.facts
  return Math.max(
    before.conntrack.count ?? 0,
    after.conntrack.count ?? 0,
    gaugePeak(context, 'Conntrack.entries') ?? 0
  )
}

function entriesAll({ facts: { before, after } }: ExplainContext): number | null {
  const { entriesAllNamespaces: first } = before.conntrack
  const { entriesAllNamespaces: last } = after.conntrack
  return first === null ? last : Math.max(first, last ?? 0)
}

function remedy(entries: number, scenario: DialScenario | null): Remedy[] {
  return [
    sysctl('net.netfilter.nf_conntrack_buckets', bucketsFor(entries)),
    advice('or do not track these ports at all:'),
    ...notrack(scenario)
  ]
}

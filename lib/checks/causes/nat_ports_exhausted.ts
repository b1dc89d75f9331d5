import { conntrackDrops } from '../../host/conntrack_drops.js'
import { type CounterChanges, movedBy } from '../../host/counters.js'
import { defineCheck, type ExplainContext } from '../context.js'
import { counterEvidence, fact, figure, gaugePeak, inRamp } from '../evidence.js'
import { advice, command } from '../remedy.js'
import { accountsForLoss, isCriticalShare, lossSeverity } from '../symptoms.js'
import { synLoss } from './syn_loss.js'
import { synUnanswered } from './syn_unanswered.js'
import { tupleSpaceExhausted } from './tuple_space_exhausted.js'

/**
 * A NAT of this namespace found every port it tried in use and dropped the packet. It tries up to 128 ports, then half
 * as many from another place, and so on (nf_nat_l4proto_unique_tuple in net/netfilter/nf_nat_core.c); each that is taken
 * counts as `found`, 65 to 136 for each dropped packet as measured. Two packets that took the same free port at the same
 * moment are dropped alike, one of them, without such a search.
 */
export const natPortsExhausted = defineCheck({
  id: 'nat-ports-exhausted',
  rank: 73,
  concerns: 'path',
  about: {
    summary:
      'A NAT on this host has no free port left for one destination and drops the first packet of every further connection to it. The client sees SYNs without an answer, while the table of connection tracking is far from full.',
    evidence:
      'The counters insert_failed and drop of connection tracking rise together, chaintoolong does not, and found rises many times faster: the NAT searched for a free port and met only ports in use. The drops are a hundredth or more of the entries, or a fifth or more of the SYNs that a dial on this host lost.',
    remedy:
      'Give the rule of the NAT more source addresses (snat to FIRST-LAST) or more ports (masquerade to :1024-65535): each destination gets at most addresses times ports connections. This is advice; `nft list ruleset` shows the rule.',
    mistakenFor:
      'A full connection tracking table (`conntrack-table-full`), which counts drop alone, and chains that are too long (`conntrack-chain-too-long`), which count insert_failed and chaintoolong. Two packets that race for one port count insert_failed and drop without a search, and the second SYN succeeds. Only the host of the NAT has these counters; a dial from a client names the cause as `tuple-space-exhausted` when `--nat-ports` describes the NAT.'
  },

  explain(given) {
    const context = inRamp(given)
    const { clashes } = conntrackDrops(context.deltas)
    if (!matters(context, clashes)) return null
    const searched = isSearched(context.deltas)
    const { run } = context
    return {
      severity: !searched ? 'info' : run === null ? 'warning' : lossSeverity(context, clashes),
      side: 'path',
      title: searched
        ? `the NAT of this host had no free port for ${figure(clashes)} packets of new connections`
        : `${figure(clashes)} packets of new connections were dropped because their tuple was taken: looks like a NAT of this host with a single port`,
      evidence: [
        ...counterEvidence(context, 'Conntrack.insert_failed', 'Conntrack.drop', 'Conntrack.found'),
        ...fact('net.netfilter.nf_conntrack_count', gaugePeak(context, 'Conntrack.entries')),
        ...fact('net.netfilter.nf_conntrack_max', context.facts.after.conntrack.max)
      ],
      remedy: [
        advice(
          'give the rule of the NAT more addresses (snat to FIRST-LAST) or more ports (masquerade to :1024-65535): each destination gets at most addresses x ports connections'
        ),
        command('nft list ruleset')
      ],
      events: clashes,
      explains: searched ? [synLoss, synUnanswered, tupleSpaceExhausted] : []
    }
  }
})

/** Taken ports met for each dropped packet, from which on the NAT has searched in vain. */
const leastSearched = 8

function isSearched(changes: CounterChanges): boolean {
  return movedBy(changes, 'Conntrack.found') >= leastSearched * conntrackDrops(changes).clashes
}

/** Fewer drops than these are a race now and then, which a busy NAT has. */
const leastClashes = 10

/**
 * A run asks how many of its lost SYNs that explains. Beside a server nobody knows the SYNs: the entries of the table
 * stand for them, against the drops of the last half minute, because a watch of days adds up the rarest race.
 */
function matters(context: ExplainContext, clashes: number): boolean {
  if (context.run !== null) return accountsForLoss(context, clashes)
  const { clashes: recent } = conntrackDrops(context.recent ?? context.deltas)
  return recent >= leastClashes && isCriticalShare(recent, gaugePeak(context, 'Conntrack.entries') ?? 0)
}

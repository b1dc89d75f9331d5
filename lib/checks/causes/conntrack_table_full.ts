import { bucketsFor } from '../../host/conntrack_buckets.js'
import { conntrackDrops } from '../../host/conntrack_drops.js'
import type { DialScenario } from '../../scenario/scenario.js'
import { defineCheck, type ExplainContext, type Verdict } from '../context.js'
import { counterEvidence, fact, figure, gaugePeak, hereSide, inRamp } from '../evidence.js'
import { plateauOf } from '../plateau.js'
import { advice, command, notrack, type Remedy, roundUp, sysctl } from '../remedy.js'
import { accountsForLoss, lossSeverity, pending, timedOut } from '../symptoms.js'
import { synLoss } from './syn_loss.js'
import { synUnanswered } from './syn_unanswered.js'

/**
 * nf_conntrack holds as many entries as it may (`nf_conntrack_max`, compared with each namespace's count) and drops the
 * first packet of every further connection, without an error for connect(2): __nf_conntrack_alloc in
 * net/netfilter/nf_conntrack_core.c, counted as `drop` by nf_conntrack_in.
 */
export const conntrackTableFull = defineCheck({
  id: 'conntrack-table-full',
  rank: 60,
  concerns: 'host',
  about: {
    summary:
      'Connection tracking holds as many entries as nf_conntrack_max allows and drops the first packet of every further connection. connect(2) gets no error; the kernel log may say "table full, dropping packet".',
    evidence:
      'The counter drop of connection tracking rises without insert_failed and accounts for a fifth or more of the lost SYNs, while the table is nine tenths full. In a container the table belongs to the host, so only the number at which connections stop is visible: then the finding is a guess. A plan adds the connections to the present entries, and leaves out ports that a notrack rule excludes, where it can read the rules.',
    remedy:
      'Raise net.netfilter.nf_conntrack_max, and nf_conntrack_buckets with it so that chains stay short, in the initial network namespace. Or exclude the ports from tracking with the `nft` lines (notrack), but not ports that a NAT on that host translates.',
    mistakenFor:
      'A NAT without a free port (`nat-ports-exhausted`), which counts insert_failed together with drop while the table is far from full. Chains that are too long (`conntrack-chain-too-long`), which count chaintoolong. A firewall rule that drops, which counts nothing here.'
  },

  predict({ facts: { conntrack }, needs, scenario }) {
    const { count, max } = conntrack
    // 0 stands for "no bound".
    if (!max || needs.conntrackEntries === 0) return null
    const total = (count ?? 0) + needs.conntrackEntries
    if (total <= max) return null
    const bindsAt = Math.floor(((max - (count ?? 0)) * needs.connections) / needs.conntrackEntries)
    return {
      severity: 'critical',
      side: 'client',
      title: `connection tracking holds ${figure(max)} entries and ${figure(total)} are needed: SYNs are dropped from connection ${figure(bindsAt)} on`,
      evidence: [
        ...fact('net.netfilter.nf_conntrack_max', max),
        ...fact('net.netfilter.nf_conntrack_count', count),
        ...fact('needs.conntrackEntries', needs.conntrackEntries)
      ],
      remedy: remedy(total, scenario),
      events: total - max,
      bindsAt
    }
  },

  explain: (context) => counted(inRamp(context)) ?? guessed(context)
})

function counted(context: ExplainContext): Verdict | null {
  const drops = conntrackDrops(context.deltas).table
  if (!accountsForLoss(context, drops)) return null
  const { before, after } = context.facts
  const max = smallest(before.conntrack.max, after.conntrack.max)
  const count = largest(
    before.conntrack.count,
    after.conntrack.count,
    gaugePeak(context, 'Conntrack.entries')
  )
  // `drop` also counts failed allocations and packets a protocol refused: those leave room in the table.
  if (max !== null && count !== null && count < max * 0.9) return null
  const total = (count ?? max ?? 0) + (context.run?.connections.requested ?? drops)
  return {
    severity: lossSeverity(context, drops),
    side: hereSide(context),
    title: `connection tracking is full${max === null ? '' : ` at ${figure(max)} entries`}: ${figure(drops)} packets of new connections were dropped`,
    evidence: [
      ...counterEvidence(context, 'Conntrack.drop'),
      ...fact('net.netfilter.nf_conntrack_max', max),
      ...fact('net.netfilter.nf_conntrack_count', count)
    ],
    remedy: remedy(total, context.scenario),
    events: drops,
    explains: [synLoss, synUnanswered]
  }
}

/** How near its bound a table is when it may be taken for full. */
const nearlyFull = 0.97

/**
 * Connections stop just below the bound, and no drop is counted here: the count of another namespace may be full, as the
 * host's is behind a container. The bound is the same one for all and can be read from each; the entries of all of them
 * can be read by root alone, and where they are too few no table is full.
 */
function guessed(context: ExplainContext): Verdict | null {
  const { run, scenario } = context
  const { max, entriesAllNamespaces } = context.facts.after.conntrack
  const plateau = run && plateauOf(run)
  if (!run || !plateau || !max || context.peerIsHere) return null
  const unanswered = timedOut(run) + pending(run)
  if (unanswered === 0 || plateau.held > max || plateau.held < max * nearlyFull) return null
  if (entriesAllNamespaces !== null && entriesAllNamespaces < max * nearlyFull) return null
  return {
    severity: 'info',
    side: 'path',
    title: `connections stopped at ${figure(plateau.held)}, just below nf_conntrack_max ${figure(max)}: this looks like a full table of the host's own namespace, if that forwards them`,
    evidence: [
      ...fact('series plateau', `${plateau.held} for ${plateau.flatSeconds.toFixed(1)} s`),
      ...fact('net.netfilter.nf_conntrack_max', max),
      ...fact('entries of all namespaces', entriesAllNamespaces),
      ...fact('handshakes without answer', unanswered)
    ],
    remedy: [command("dmesg | grep 'table full'"), ...remedy(run.connections.requested, scenario)],
    events: unanswered,
    guessesAt: [synUnanswered]
  }
}

/** The bound alone would make the chains long; buckets come with it. */
function remedy(entries: number, scenario: DialScenario | null): Remedy[] {
  return [
    sysctl('net.netfilter.nf_conntrack_max', roundUp(entries * 1.1)),
    sysctl('net.netfilter.nf_conntrack_buckets', bucketsFor(entries)),
    advice('or do not track these ports at all:'),
    ...notrack(scenario)
  ]
}

const known = (values: (number | null)[]) => values.filter((value) => value !== null)

function smallest(...values: (number | null)[]): number | null {
  return known(values).length === 0 ? null : Math.min(...known(values))
}

function largest(...values: (number | null)[]): number | null {
  return known(values).length === 0 ? null : Math.max(...known(values))
}

import type { HostFacts } from '../../host/facts.js'
import { defineCheck, type ExplainContext, type RunOutcome } from '../context.js'
import { fact, figure, gaugePeak, hereSide, percent } from '../evidence.js'
import { advice, command, type Remedy, roundUp, sysctl } from '../remedy.js'
import { lostSyns } from '../symptoms.js'

/** Sockets in a bucket from which on walking the chains is felt. At 3 it is within the noise (13 % at most). */
const heavyLoad = 8

/** Connect rate at the end, as a share of that at the beginning, that counts as a fall. */
const fallen = 0.5

/**
 * The kernel's hash of established sockets has few buckets for them, and every lookup walks a long chain. It is sized at
 * boot (`thash_entries`); a namespace can have one of its own since kernel 6.1: ip-sysctl.rst, tcp_child_ehash_entries.
 */
export const establishedHashUndersized = defineCheck({
  id: 'established-hash-undersized',
  rank: 200,
  concerns: 'host',
  about: {
    summary:
      'The hash table of established sockets has too few buckets, so every packet and every connect walks a long chain, and the connect rate falls with each connection.',
    evidence:
      'There are more than eight sockets for each bucket, and the connect rate fell to half or less from the first to the last quarter of a run at full speed, without lost SYNs and without a schedule. A plan compares the sockets with the buckets.',
    remedy:
      'From Linux 6.1, set net.ipv4.tcp_child_ehash_entries and run the dial in a new network namespace, which then has a hash table of its own. To boot with a larger thash_entries is advice.',
    mistakenFor:
      'A target that slows down as it fills. Below three sockets for each bucket the difference is within the noise.'
  },

  predict({ facts, needs }) {
    const { ehashEntries } = facts.tcp
    if (!ehashEntries) return null
    const load = needs.sockets / ehashEntries
    if (load <= heavyLoad) return null
    return {
      severity: load > 2 * heavyLoad ? 'warning' : 'info',
      side: 'client',
      title: `${figure(needs.sockets)} sockets in ${figure(ehashEntries)} buckets of the established hash: ${figure(load)} to a chain, and connecting slows down`,
      evidence: [
        ...fact('net.ipv4.tcp_ehash_entries', ehashEntries),
        ...fact('needs.sockets', needs.sockets)
      ],
      remedy: remedy(facts, needs.sockets),
      events: needs.sockets - ehashEntries * heavyLoad,
      bindsAt: Math.floor((ehashEntries * heavyLoad * needs.connections) / needs.sockets)
    }
  },

  explain(context) {
    const { run, facts, scenario } = context
    const { ehashEntries } = facts.after.tcp
    if (run === null || !ehashEntries) return null
    // A schedule sets the rate as long as it can be kept.
    if (scenario !== null && scenario.rate.length > 0) return null
    const { sockets, onHost } = socketsIn(context, run)
    const load = sockets / ehashEntries
    const rates = rateFall(run)
    // A rate that falls because SYNs are lost has another cause.
    const lossy = lostSyns(context) > run.connections.attempted / 1000
    if (load <= heavyLoad || rates === null || rates.last > rates.first * fallen || lossy) return null
    return {
      severity: 'warning',
      side: hereSide(context),
      title: `the connect rate fell to ${percent(rates.last / rates.first)} while ${figure(sockets)} sockets${onHost ? ' of the whole host' : ''} filled ${figure(ehashEntries)} buckets of the established hash, ${figure(load)} to a chain`,
      evidence: [
        ...fact('net.ipv4.tcp_ehash_entries', ehashEntries),
        ...fact('sockets', sockets),
        { name: 'series.connectsPerSecond', before: Math.round(rates.first), after: Math.round(rates.last) }
      ],
      remedy: remedy(facts.after, sockets),
      events: run.connections.established
    }
  }
})

/**
 * Sockets of the whole host where all namespaces share the table, else those of this one; or ours, because the count is
 * taken when they may have gone.
 */
function socketsIn(context: ExplainContext, run: RunOutcome): { sockets: number; onHost: boolean } {
  const shared = context.facts.after.tcp.ehashShared === true
  const counted = gaugePeak(context, shared ? 'Sockstat.TCP.alloc' : 'Sockstat.TCP.inuse') ?? 0
  const ours = run.connections.peak * (context.peerIsHere ? 2 : 1)
  return { sockets: Math.max(counted, ours), onHost: shared && counted > ours }
}

/** Mean connect rate in the first and the last quarter of dialing; null when the run was too short to tell. */
function rateFall({ series, timing }: RunOutcome): { first: number; last: number } | null {
  const rates = series
    .filter(({ tSeconds, connectsPerSecond }) => tSeconds <= timing.dialSeconds && connectsPerSecond > 0)
    .map(({ connectsPerSecond }) => connectsPerSecond)
  const quarter = Math.floor(rates.length / 4)
  if (quarter < 2) return null
  const mean = (part: number[]) => part.reduce((sum, rate) => sum + rate, 0) / part.length
  return { first: mean(rates.slice(0, quarter)), last: mean(rates.slice(-quarter)) }
}

function remedy({ tcp }: HostFacts, sockets: number): Remedy[] {
  // tcp_child_ehash_entries goes up to 16 Mi.
  const buckets = Math.min(2 ** 24, roundUp(sockets))
  const own =
    tcp.childEhashEntries === null
      ? []
      : [
          sysctl('net.ipv4.tcp_child_ehash_entries', buckets),
          command('ip netns add c1m'),
          command('ip netns exec c1m c1m-native dial ...')
        ]
  return [...own, advice(`or boot with thash_entries=${buckets}`)]
}

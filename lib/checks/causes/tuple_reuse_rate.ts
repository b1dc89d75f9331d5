import {
  reuseRatePerSecond,
  sourceAddressesFor,
  tupleCount,
  tupleLifetimeSeconds
} from '../../host/nat_arithmetic.js'
import type { NatNeeds } from '../../scenario/nat.js'
import { defineCheck } from '../context.js'
import { connectionEvidence, fact, figure } from '../evidence.js'
import { metBy } from '../older_connection.js'
import { advice, command, type Remedy } from '../remedy.js'

/**
 * Short connections come faster than the NAT's ports are forgotten, so 5-tuples are used again while the server or a
 * balancer still remembers their last connection. A new SYN may then be rejected (see time-wait-paws), and a balancer
 * sends it to the same back end, however many there are.
 */
export const tupleReuseRate = defineCheck({
  id: 'tuple-reuse-rate',
  rank: 50,
  concerns: 'path',
  about: {
    summary:
      'Short connections arrive so fast that a NAT reuses 5-tuples while the server, or a load balancer, still remembers their last connection. A SYN may then be answered by a TIME_WAIT, and a load balancer sends it to the server that had the last connection.',
    evidence:
      'The options describe the NAT. The rate is above ports x addresses x destinations / lifetime, more connections were opened than there are 5-tuples, and SYNs were answered by an older connection. A plan compares the rate alone.',
    remedy:
      'Give the NAT as many source addresses as the remedy says, or as many times the destinations; or let the client close first or keep connections alive. Both are advice. Or dial at the lower rate of the `--rate` line.',
    mistakenFor:
      'A slow server: its application sees nothing of those SYNs. At a rate below the limit, the same symptoms point to `old-connection-at-server`, or to other hosts behind the same NAT.'
  },

  predict({ needs: { nat, ratePerSecond } }) {
    if (nat === null || ratePerSecond === null) return null
    const limit = reuseRatePerSecond(nat, nat.lifetimeSeconds)
    // A Linux NAT remembers for 120 s and takes any entry, not the oldest: trouble starts before the others' limit.
    const early = reuseRatePerSecond(nat, Math.max(nat.lifetimeSeconds, tupleLifetimeSeconds.tracking))
    if (ratePerSecond <= early) return null
    const certain = ratePerSecond > limit
    return {
      severity: certain ? 'critical' : 'warning',
      side: 'path',
      title: `at ${figure(ratePerSecond)}/s ${figure(tupleCount(nat))} 5-tuples come around ${certain ? '' : 'almost '}while ${nat.rememberedBy} still remembers them: from ${figure(Math.floor(limit))}/s on`,
      evidence: [
        ...fact('needs.ratePerSecond', ratePerSecond),
        ...fact('needs.nat.tuples', tupleCount(nat)),
        ...fact('needs.nat.lifetimeSeconds', nat.lifetimeSeconds)
      ],
      remedy: remedy(ratePerSecond, nat, early),
      events: Math.ceil(ratePerSecond - early)
    }
  },

  explain(context) {
    const { run, needs } = context
    if (run === null || needs === null || needs.nat === null) return null
    const { nat } = needs
    const rate = run.churn?.transactionsPerSecond ?? run.timing.connectsPerSecond
    const early = reuseRatePerSecond(nat, Math.max(nat.lifetimeSeconds, tupleLifetimeSeconds.tracking))
    // Reused tuples are no harm in themselves: it takes connections that met their predecessor.
    const { timeWait, connection } = metBy(context)
    const met = timeWait + connection
    if (rate <= early || run.connections.attempted <= tupleCount(nat) || met === 0) return null
    return {
      severity: 'warning',
      side: 'path',
      title: `${figure(rate)}/s used ${figure(tupleCount(nat))} 5-tuples again before ${nat.rememberedBy} forgot them, and ${figure(met)} SYNs met their predecessor`,
      evidence: [
        ...connectionEvidence(context, 'attempted'),
        ...fact('needs.nat.tuples', tupleCount(nat)),
        ...fact('staleAnswers.established', run.staleAnswers.established),
        ...fact('staleAnswers.timedOut', run.staleAnswers.timedOut),
        ...fact('staleAnswers.pending', run.staleAnswers.pending)
      ],
      remedy: remedy(rate, nat, early),
      events: met
    }
  }
})

function remedy(rate: number, nat: NatNeeds, limit: number): Remedy[] {
  const addresses = sourceAddressesFor(
    rate,
    nat,
    Math.max(nat.lifetimeSeconds, tupleLifetimeSeconds.tracking)
  )
  return [
    advice(
      `${figure(addresses)} source addresses at the NAT (it has ${nat.sourceAddresses ?? 1}), or as many times the destinations`
    ),
    advice('let the client close first or keep connections alive: then the server keeps no TIME_WAIT'),
    command(`c1m-native dial --rate ${Math.floor(limit)}/s ...`)
  ]
}

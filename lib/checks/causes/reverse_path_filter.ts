import type { HostFacts } from '../../host/facts.js'
import { deviceSysctl } from '../../host/sysctl/scopes.js'
import { defineCheck } from '../context.js'
import { counterEvidence, fact, figure, hereSide, moved } from '../evidence.js'
import { sysctl } from '../remedy.js'
import { accountsForLoss, severityOf } from '../symptoms.js'
import { synLoss } from './syn_loss.js'
import { synUnanswered } from './syn_unanswered.js'

/**
 * Packets were dropped because the route back to their sender leads through another interface than the one they came by:
 * strict `rp_filter`, ip-sysctl.rst; __fib_validate_source in net/ipv4/fib_frontend.c. Typical with many source addresses
 * and more than one way. IPv4 only.
 */
export const reversePathFilter = defineCheck({
  id: 'reverse-path-filter',
  rank: 160,
  concerns: 'host',

  explain(context) {
    const drops = moved(context, 'TcpExt.IPReversePathFilter')
    if (!accountsForLoss(context, drops)) return null
    const facts = context.facts.after
    const strict = strictInterfaces(facts)
    return {
      severity: severityOf(context, drops),
      side: hereSide(context),
      title: `the reverse path filter dropped ${figure(drops)} packets: their way back leads through another interface${strict.length === 0 ? '' : ` (strict on ${strict.slice(0, 4).join(', ')})`}`,
      evidence: [
        ...counterEvidence(context, 'TcpExt.IPReversePathFilter'),
        ...fact('net.ipv4.conf.all.rp_filter', facts.network.rpFilterAll),
        ...strict
          .slice(0, 4)
          .flatMap((name) =>
            fact(
              deviceSysctl('net.ipv4.conf', name, 'rp_filter'),
              facts.network.rpFilterInterfaces?.[name] ?? null
            )
          )
      ],
      // The larger of `all` and the interface holds, so 2 (loose) wins over a strict 1 wherever it is set.
      remedy:
        strict.length > 0 && strict.length <= 4
          ? strict.map((name) => sysctl(deviceSysctl('net.ipv4.conf', name, 'rp_filter'), 2))
          : [sysctl('net.ipv4.conf.all.rp_filter', 2)],
      events: drops,
      explains: [synLoss, synUnanswered]
    }
  }
})

function strictInterfaces({ network: { rpFilterAll, rpFilterInterfaces } }: HostFacts): string[] {
  return Object.entries(rpFilterInterfaces ?? {})
    .filter(([name, value]) => name !== 'lo' && Math.max(value, rpFilterAll ?? 0) === 1)
    .map(([name]) => name)
}

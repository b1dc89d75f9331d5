import type { HostFacts } from '../../host/facts.js'
import { deviceSysctl } from '../../host/sysctl/scopes.js'
import type { Severity } from '../../result/finding.js'
import { defineCheck, type ExplainContext } from '../context.js'
import { counterEvidence, fact, figure, hereSide, inRamp, moved } from '../evidence.js'
import { sysctl } from '../remedy.js'
import { lossSeverity, pending, timedOut } from '../symptoms.js'
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
  about: {
    summary:
      'Packets arrive by one network device, and the route to their sender leads through another. With rp_filter set to 1 the kernel drops them silently: handshakes get no answer, on whichever side the filter is.',
    evidence:
      'The counter of this filter accounts for a drop on every handshake that got no answer, and there is a second device by which answers could arrive; packets of other connections move the counter, too. Beside a server, the drops are compared with the connections it accepted in the last half minute.',
    remedy:
      'Set rp_filter to 2 (loose) on the devices that are strict, or for all devices with net.ipv4.conf.all.rp_filter. The larger of the two values applies.',
    mistakenFor:
      'A firewall or a dead target (`syn-unanswered`). A connection that is established after a repeated SYN was not affected by this filter, which drops every packet that arrives this way.'
  },

  explain(context) {
    const ramp = inRamp(context)
    const drops = moved(ramp, 'TcpExt.IPReversePathFilter')
    const facts = context.facts.after
    const severity = severityHere(context, drops)
    if (severity === null) return null
    const strict = strictInterfaces(facts)
    return {
      severity,
      side: hereSide(context),
      title: `the reverse path filter dropped ${figure(drops)} packets: their way back leads through another interface${strict.length === 0 ? '' : ` (strict on ${strict.slice(0, 4).join(', ')})`}`,
      evidence: [
        ...counterEvidence(ramp, 'TcpExt.IPReversePathFilter'),
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
      explains: [synUnanswered]
    }
  }
})

function severityHere(context: ExplainContext, drops: number): Severity | null {
  const { run, facts } = context
  if (drops === 0) return null
  if (run === null) return severityBesideServer(context)
  // It drops every answer that comes that way: those of handshakes that never end, each of them once or more.
  const unanswered = timedOut(run) + Math.min(pending(run), moved(inRamp(context), 'TcpExt.TCPSynRetrans'))
  if (unanswered === 0 || drops < unanswered || !canDropAnswers(facts.after)) return null
  return lossSeverity(context, unanswered)
}

/** Drops in half a minute that are a stranger's rather than those of clients, who repeat their SYNs. */
const handful = 10

/** Nothing tells whom the dropped packets were for: few of them, as against connections accepted, are strays. */
function severityBesideServer(context: ExplainContext): Severity | null {
  const lately = { ...context, deltas: context.recent ?? context.deltas }
  const drops = moved(lately, 'TcpExt.IPReversePathFilter')
  const share = drops / Math.max(1, drops + moved(lately, 'Tcp.PassiveOpens'))
  if (drops < handful || share < 0.01) return null
  return share < 0.2 ? 'info' : 'warning'
}

/**
 * Whether an answer of the target may come by a device that the route to it does not use: there are two, and one of them
 * is strict. The loose filter lets every sender pass that there is a route to. True where the devices are unknown.
 */
function canDropAnswers({ network }: HostFacts): boolean {
  const { rpFilterAll, rpFilterInterfaces } = network
  if (rpFilterInterfaces === null) return true
  const others = Object.entries(rpFilterInterfaces).filter(([name]) => name !== 'lo')
  return others.length > 1 && others.some(([, value]) => Math.max(value, rpFilterAll ?? 0) === 1)
}

function strictInterfaces({ network: { rpFilterAll, rpFilterInterfaces } }: HostFacts): string[] {
  return Object.entries(rpFilterInterfaces ?? {})
    .filter(([name, value]) => name !== 'lo' && Math.max(value, rpFilterAll ?? 0) === 1)
    .map(([name]) => name)
}

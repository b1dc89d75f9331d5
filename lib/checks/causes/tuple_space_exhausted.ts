import { counterValue } from '../../host/counters.js'
import type { HostFacts } from '../../host/facts.js'
import type { Churn } from '../../result/result.js'
import type { NatPlan } from '../../scenario/nat.js'
import type { DialScenario } from '../../scenario/scenario.js'
import { countPorts, everyPort, everyPortText } from '../../scenario/source_ports.js'
import { defineCheck, type ExplainContext, type RunOutcome, type Verdict } from '../context.js'
import { ephemeralSpace } from '../ephemeral_ports.js'
import { connectionEvidence, fact, failures, figure, gaugePeak, tallyEvidence } from '../evidence.js'
import { plateauOf, portRangeShape } from '../plateau.js'
import { advice, command, type Remedy, sysctl } from '../remedy.js'
import { isCriticalShare, pending, timedOut } from '../symptoms.js'
import { synLoss } from './syn_loss.js'
import { synUnanswered } from './syn_unanswered.js'

/**
 * No 4-tuple was left: source addresses times source ports times destinations are fewer than the connections, or other
 * sockets hold them. Behind a NAT, the NAT's own ports may be used up instead.
 */
export const tupleSpaceExhausted = defineCheck({
  id: 'tuple-space-exhausted',
  rank: 40,
  concerns: 'dialer',
  about: {
    summary:
      'Connections cannot be started because every combination of source address, source port and destination is in use: by this run, by other sockets, or by sockets in TIME_WAIT. Behind a NAT, the ports of the NAT may be used up instead, and further SYNs go unanswered.',
    evidence:
      'The run tried all of its 4-tuples, and the kernel refused them with EADDRINUSE or EADDRNOTAVAIL. A churn uses its 4-tuples again and again, so there only connections that could not be started count. A NAT is recognized by the number of connections at which no further SYN is answered. Beside a server, its connections to one destination hold all ephemeral ports.',
    remedy:
      'Use more source addresses (the `ip addr add` and `--source` lines), more source ports (the `--source-ports` line) or more destination ports. Where TIME_WAIT holds the ports, turn TCP timestamps on at both ends, or close with RST (`--close rst`); beside a server, widen net.ipv4.ip_local_port_range. Changes at the NAT and at the target are advice.',
    mistakenFor:
      'A missing source address (`source-address-missing`), which fails with EADDRNOTAVAIL too, but at the first port. TIME_WAIT takes a port away only where one end has no TCP timestamps.'
  },

  predict({ facts, needs, scenario }) {
    if (scenario === null || needs.tuples >= needs.connections) return null
    return {
      severity: 'critical',
      side: 'client',
      title: `${figure(needs.tuples)} 4-tuples are too few for ${figure(needs.connections)} connections`,
      evidence: [...fact('needs.tuples', needs.tuples), ...fact('needs.connections', needs.connections)],
      remedy: remedy(needs.connections / needs.tuples, scenario, facts),
      events: needs.connections - needs.tuples,
      bindsAt: needs.tuples
    }
  },

  explain: (context) => ownSpace(context) ?? natSpace(context) ?? ephemeralSpace(context)
})

function ownSpace(context: ExplainContext): Verdict | null {
  const { run, scenario } = context
  const missing = tupleShortage(context)
  if (run === null || scenario === null || missing === 0) return null
  if (run.churn !== null) return churnedSpace(context, run, scenario, run.churn, missing)
  const { requested, skippedPorts } = run.connections
  const facts = context.facts.after
  const waiting = gaugePeak(context, 'Sockstat.TCP.tw')
  // With timestamps at both ends a bound port takes a TIME_WAIT over at once; without, it has to wait for it to end.
  const blocked = skippedPorts > 0 && (waiting ?? 0) >= skippedPorts / 2
  return {
    severity: 'critical',
    side: 'client',
    title:
      `${figure(scenario.tuples)} 4-tuples were too few for ${figure(requested)} connections` +
      (skippedPorts === 0 ? '' : `: other sockets hold ${figure(skippedPorts)} of them`) +
      (blocked
        ? `; ${figure(waiting ?? 0)} sockets are in TIME_WAIT, which cannot be taken over without timestamps at both ends`
        : ''),
    evidence: [
      ...fact('scenario.tuples', scenario.tuples),
      ...connectionEvidence(context, 'attempted', 'skippedPorts'),
      ...tallyEvidence(failures(context, ['EADDRNOTAVAIL']).tallies),
      ...(blocked
        ? [...fact('Sockstat.TCP.tw', waiting), ...fact('net.ipv4.tcp_timestamps', facts.tcp.timestamps)]
        : [])
    ],
    remedy: [
      ...(blocked ? [allowTakeover(facts)] : []),
      ...remedy(requested / Math.max(1, scenario.tuples - skippedPorts), scenario, facts)
    ],
    events: missing
  }
}

/** Tuples a churn tries in a row before it calls them all taken: kTuplesPerSearch in native/engine/dial/dialer.cc. */
const mostTried = 65_536

/** A churn that found no free tuple when it was to start a connection; it tries again in a moment. */
function churnedSpace(
  context: ExplainContext,
  run: RunOutcome,
  scenario: DialScenario,
  churn: Churn,
  failed: number
): Verdict {
  const { requested, attempted, peak } = run.connections
  const { tuples } = scenario
  // Before the run closes its last connections, which then wait as well.
  const now = counterValue(context.counters, 'Sockstat.TCP.tw')
  const left = Math.max(0, tuples - peak)
  const waiting = now === null ? 0 : Math.min(left, Math.max(0, now - (churn.timeWait.before ?? now)))
  // Those with timestamps at both ends would have been taken over.
  const blocked = waiting > 0 && waiting >= left / 2
  const others = left - waiting
  return {
    severity: isCriticalShare(failed, attempted) ? 'critical' : 'warning',
    side: 'client',
    title:
      requested > tuples
        ? `${figure(tuples)} 4-tuples are too few for ${figure(requested)} connections at a time`
        : `none of ${figure(Math.min(tuples, mostTried))} 4-tuples was free for ${figure(failed)} of ${figure(attempted)} connection starts: ${
            blocked
              ? `TIME_WAIT held up to ${figure(waiting)} of them, which cannot be taken over without timestamps at both ends`
              : others > peak
                ? `other sockets hold about ${figure(others)} of them`
                : `the run had ${figure(peak)} connections open`
          }`,
    evidence: [
      ...tallyEvidence(failures(context, ['EADDRNOTAVAIL']).tallies),
      ...fact('scenario.tuples', tuples),
      ...connectionEvidence(context, 'attempted', 'peak', 'skippedPorts'),
      ...fact('Sockstat.TCP.tw', now),
      ...(blocked ? fact('net.ipv4.tcp_timestamps', context.facts.after.tcp.timestamps) : [])
    ],
    remedy: [
      ...(blocked ? [command('c1m-native dial --close rst ...'), allowTakeover(context.facts.after)] : []),
      ...remedy(requested / Math.max(1, Math.min(peak, requested - 1)), scenario, context.facts.after)
    ],
    events: failed
  }
}

function allowTakeover({ tcp }: HostFacts): Remedy {
  return tcp.timestamps === 0
    ? sysctl('net.ipv4.tcp_timestamps', 1)
    : advice('turn TCP timestamps on at the target: net.ipv4.tcp_timestamps')
}

/**
 * Connections the tuple space could not serve although the run went through all of it; 0 when it did not. In a churn:
 * starts for which no tuple was free.
 */
export function tupleShortage(context: ExplainContext): number {
  const { run, scenario } = context
  if (run === null || scenario === null) return 0
  const { requested, attempted, skippedPorts } = run.connections
  if (run.churn !== null) {
    // It goes round and round, so that what it skipped may be the same few tuples each time.
    const searched = skippedPorts >= Math.min(scenario.tuples, mostTried)
    const sourcesAreHere = (context.needs?.missingSources.length ?? 0) === 0
    return searched && sourcesAreHere ? failures(context, ['EADDRNOTAVAIL']).count : 0
  }
  const missing = requested - (scenario.tuples - skippedPorts)
  const usedUp = attempted + skippedPorts >= scenario.tuples
  return usedUp ? Math.max(0, missing) : 0
}

/**
 * Connections stop, and further SYNs go unanswered: at as many as a NAT that the user described has tuples, or at a
 * multiple of the default port range, which is a guess.
 */
function natSpace(context: ExplainContext): Verdict | null {
  const { run, scenario } = context
  if (run === null || scenario === null || context.peerIsHere) return null
  const plateau = plateauOf(run)
  const unanswered = timedOut(run) + pending(run)
  if (!plateau || unanswered === 0) return null
  const described = scenario.nat && describedNat(plateau.held, scenario.nat)
  const ranges = portRangeShape(plateau.held)
  if (!described && ranges === null) return null
  return {
    severity: described ? 'critical' : 'info',
    side: 'path',
    title: described
      ? `connections stopped at ${figure(plateau.held)}: ${described}`
      : `connections stopped at ${figure(plateau.held)}, ${ranges === 1 ? 'the size of' : `${ranges} times`} the default port range: looks like a NAT on the path without a free port`,
    evidence: [
      ...fact('series plateau', `${plateau.held} for ${plateau.flatSeconds.toFixed(1)} s`),
      ...fact('handshakes without answer', unanswered),
      ...fact('scenario.nat.tuples', described ? (scenario.nat?.tuples ?? null) : null)
    ],
    remedy: [
      advice('on the host of the NAT, which tells more: c1m-native watch'),
      advice(
        'give the rule of the NAT more addresses (snat to FIRST-LAST) or more ports (masquerade to :1024-65535)'
      )
    ],
    events: unanswered,
    explains: described ? [synUnanswered, synLoss] : []
  }
}

/** What a NAT as the user described it has, when that is what is held; null when it is not. */
function describedNat(
  held: number,
  { ports, sourceAddresses, destinations, tuples }: NatPlan
): string | null {
  // Others may hold a few of its ports.
  if (held > tuples || held < tuples * describedShare) return null
  const count = (n: number, what: string, plural = `${what}s`) => `${figure(n)} ${n === 1 ? what : plural}`
  return `the NAT described has no more than ${count(ports, 'port')} of ${count(sourceAddresses, 'address', 'addresses')} for ${count(destinations, 'destination')}`
}

/** Share of the tuples of a described NAT from which on its being full is what stopped a run. */
const describedShare = 0.99

function remedy(times: number, scenario: DialScenario, { ports }: HostFacts): Remedy[] {
  const [least, most] = everyPort
  const widest = scenario.sourcePorts.some(([first, last]) => first <= least && last === most)
  const reserved = countPorts(ports.reserved ?? [])
  return [
    advice(`${figure(Math.ceil(times))} times the source addresses, destination ports, or both:`),
    command('ip addr add ADDRESS/PREFIX dev DEVICE'),
    command('c1m-native dial --source FIRST-LAST ...'),
    ...(widest ? [] : [command(`c1m-native dial --source-ports ${everyPortText} ...`)]),
    ...(reserved > 0
      ? [advice(`net.ipv4.ip_local_reserved_ports keeps ${figure(reserved)} ports of each address back`)]
      : [])
  ]
}

import { formatEndpoint } from '../../net/address.js'
import { formatPorts } from '../../net/target.js'
import type { Evidence } from '../../result/finding.js'
import type { TargetTotals } from '../../result/result.js'
import { defineCheck, type ExplainContext, type RunOutcome, type Verdict } from '../context.js'
import {
  connectionEvidence,
  counterEvidence,
  fact,
  failures,
  figure,
  inRamp,
  percent,
  tallyEvidence
} from '../evidence.js'
import { notOnTheWire } from '../own_packets.js'
import {
  explainsTimeouts,
  icmpReceived,
  isPortUnreachable,
  rejectedHere,
  saying,
  senderEvidence
} from '../rejections.js'
import { advice, command, type Remedy } from '../remedy.js'
import { severityOf, timedOut } from '../symptoms.js'
import { synLoss } from './syn_loss.js'
import { synUnanswered } from './syn_unanswered.js'

/**
 * A SYN was answered with RST, or with ICMP port unreachable (ECONNREFUSED, connect(2)): nobody listens, a limit is
 * reached, or a firewall rejects.
 */
export const connectionRefused = defineCheck({
  id: 'connection-refused',
  rank: 170,
  concerns: 'listener',
  about: {
    summary:
      'Connections fail with ECONNREFUSED, because a SYN was answered with RST or with ICMP port unreachable: no process listens on the port, a limit on connections is reached, or a firewall rejects the SYN.',
    evidence:
      'A port that refuses every connection has no listener, or is behind a firewall that sends RST. A port that holds connections and refuses others has a limit, or lost its listener during the run. ICMP port unreachable always comes from a firewall, because TCP itself answers with RST; the evidence shows its sender. Where the SYNs did not even leave this host, a rule of this host refused them.',
    remedy:
      'Start the server, or dial a port that has a listener: `ss -ltn` on the target shows them, and `c1m-native listen` provides one for a test. Where a firewall rejects, find its rule with `nft list ruleset` and remove it; where a limit is reached, raise it. Removing a rule and raising a limit are advice.',
    mistakenFor: 'A full accept queue: it drops SYNs without an answer and refuses none.'
  },

  explain(context) {
    const { count } = failures(context, ['ECONNREFUSED'], 'connect')
    const { run } = context
    if (count === 0 || run === null) return null
    return byIcmp(context, run, count) ?? byThisHost(context, count) ?? byTarget(context, run, count)
  }
})

function verdict(
  context: ExplainContext,
  count: number,
  differing: Pick<Verdict, 'side' | 'title' | 'remedy'> & Partial<Verdict>
): Verdict {
  const { evidence = [], events = count, ...others } = differing
  return {
    severity: severityOf(context, events),
    evidence: [
      ...tallyEvidence(failures(context, ['ECONNREFUSED'], 'connect').tallies),
      ...connectionEvidence(context, 'established'),
      ...evidence,
      ...counterEvidence(inRamp(context), 'Tcp.AttemptFails')
    ],
    events,
    ...others
  }
}

/** ICMP port unreachable, which a host sends at most once a second to the same receiver: most SYNs go unanswered. */
function byIcmp(context: ExplainContext, run: RunOutcome, count: number): Verdict | null {
  const senders = (context.rejections?.icmp ?? []).filter(isPortUnreachable)
  const [sender] = senders
  const isHere = sender ? sender.place === 'here' : rejectedHere(context, count)
  if ((!sender && !isHere) || icmpReceived(context) < count / 2) return null
  const said = sender ? saying(sender) : 'ICMP port unreachable'
  const silent = explainsTimeouts(context) ? timedOut(run) : 0
  const more =
    silent === 0 ? '' : `; ${figure(silent)} more timed out, because ICMP is sent at a limited rate`
  return verdict(context, count, {
    side: isHere ? 'client' : sender?.place === 'target' ? 'server' : 'path',
    title: isHere
      ? `a rule of this host's own firewall refused ${figure(count)} connections: ${said}`
      : `${sender?.place === 'target' ? 'a firewall on the target' : `${sender?.from}, a firewall on the way,`} refused ${figure(count)} connections: ${said}${more}`,
    evidence: [
      ...(silent === 0 ? [] : tallyEvidence(failures(context, ['ETIMEDOUT']).tallies)),
      ...senderEvidence(senders),
      ...counterEvidence(
        inRamp(context),
        'Icmp.InDestUnreachs',
        'Icmp6.InDestUnreachs',
        'Icmp.OutDestUnreachs',
        'Icmp6.OutDestUnreachs'
      )
    ],
    remedy: findRule,
    events: count + silent,
    explains: silent === 0 ? [] : [synUnanswered, synLoss]
  })
}

/** A rule of this host answered with RST: then the SYNs did not leave. */
function byThisHost(context: ExplainContext, count: number): Verdict | null {
  const unsent = notOnTheWire(context)
  if (unsent === null || unsent < count / 2) return null
  return verdict(context, count, {
    side: 'client',
    title: `a rule of this host's own firewall refused ${figure(count)} connections: their SYNs were not sent`,
    evidence: fact('SYNs that no device sent, at least', unsent),
    remedy: findRule
  })
}

function byTarget(context: ExplainContext, run: RunOutcome, count: number): Verdict {
  const { scenario, peerIsHere } = context
  const { established, closedByPeer, attempted } = run.connections
  const [target] = scenario?.targets ?? []
  const listen = target
    ? [command(`c1m-native listen ${formatEndpoint(target.address, formatPorts(target))}`)]
    : []
  const nobody = [
    command('ss -ltn'),
    ...listen,
    advice('or a firewall rejects: nft list ruleset | grep reject')
  ]
  const orReset = peerIsHere ? '' : ', or a firewall answers with RST'
  const refused = `the target refused ${figure(count)} connections`
  const share = percent(count / Math.max(1, attempted))
  const refusing = run.targets.filter(({ failed }) => failed > 0)
  const closed = refusing.filter((endpoint) => endpoint.established === 0)
  const here = (title: string, remedy: readonly Remedy[]) =>
    verdict(context, count, { side: 'server', title, remedy, evidence: targetEvidence(refusing) })

  if (established === 0) return here(`${refused}: nobody listens there${orReset}`, nobody)
  if (closed.length > 0 && closed.length === refusing.length)
    return here(`${refused}, ${share} of them: nobody listens on ${list(closed)}${orReset}`, nobody)
  if (closed.length > 0 || refusing.length === 0)
    return here(
      `${refused}, ${share} of them: some ports have no listener, others allow no more connections`,
      nobody
    )
  const accepted = refusing.reduce((sum, endpoint) => sum + endpoint.established, 0)
  const some = `the target refused ${figure(count)} connections to ${list(refusing)}, which accepted ${figure(accepted)}`
  if (closedByPeer > 0)
    return verdict(context, count, {
      side: 'server',
      title: `${some} and ended ${figure(closedByPeer)} of them: its listener went away`,
      evidence: [...targetEvidence(refusing), ...connectionEvidence(context, 'closedByPeer')],
      remedy: [command('ss -ltn'), advice('see why the server ended or restarted')]
    })
  return here(
    `${some}: a limit of connections is reached there, of a firewall or of the server, or its listener was closed`,
    [
      advice('raise the limit of the firewall (connlimit, ct count, limit rate) or of the server'),
      command('nft list ruleset'),
      command('ss -ltn')
    ]
  )
}

/** `198.18.1.2:80 and 3 more` */
function list([first, ...others]: readonly TargetTotals[]): string {
  return `${first?.target}${others.length === 0 ? '' : ` and ${figure(others.length)} more`}`
}

function targetEvidence(targets: readonly TargetTotals[]): Evidence[] {
  return targets.slice(0, 10).map(({ target, established, failed }) => ({
    name: `targets.${target}`,
    before: null,
    after: `${established} established, ${failed} failed`
  }))
}

const findRule: Remedy[] = [advice('find the rule that rejects, and remove it:'), command('nft list ruleset')]

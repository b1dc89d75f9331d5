import { formatDurationMs } from '../../base/units.js'
import { synRetrySchedule } from '../../host/syn_retry_comb.js'
import { defineCheck, type ExplainContext, type RunOutcome } from '../context.js'
import {
  connectionEvidence,
  counterEvidence,
  failures,
  figure,
  inRamp,
  moved,
  tallyEvidence
} from '../evidence.js'
import { plateauOf } from '../plateau.js'
import { icmpReceived } from '../rejections.js'
import { advice, command } from '../remedy.js'
import { retriedForLoss } from '../stale_answers.js'
import { isCriticalShare, timedOutUnanswered } from '../symptoms.js'

/**
 * Handshakes that got no answer in time, more of them than lost packets explain: something drops these SYNs every time. No
 * counter of this namespace says what; where one does, the check for it is the better name.
 */
export const synUnanswered = defineCheck({
  id: 'syn-unanswered',
  rank: 220,
  concerns: 'path',
  tentativeFromAfar: true,
  about: {
    summary:
      'Handshakes reach the connect timeout without an answer: the target or a firewall on the way drops their SYNs, or the answers arrive later than the timeout.',
    evidence:
      'More connections time out than random loss explains, given how many of the others needed more than one SYN. Where this host resets about as many packets of connections that it has given up, the answers arrived, but too late. What drops the SYNs is not visible from here; watch, on the target, names it.',
    remedy:
      'Find what drops the SYNs on the target: run `c1m-native watch`, `nstat` and `nft list ruleset` there. Where the answers arrive too late, raise `--connect-timeout` above the round-trip time; this is advice.',
    mistakenFor:
      'A target that is down (`unreachable`), which a router or the next hop usually reports by ICMP. Random loss (`syn-loss`), which the kernel repairs by sending SYNs again.'
  },

  explain(context) {
    const { run, scenario } = context
    if (run === null) return null
    const unanswered = timedOutUnanswered(context)
    const byLoss = lossTimeouts(context, run)
    // Three standard deviations above what loss alone would do.
    if (unanswered <= byLoss.expected + 3 * byLoss.deviation) return null
    const { attempted } = run.connections
    const within = scenario ? ` within ${formatDurationMs(scenario.connectTimeoutMs)}` : ''
    const late = lateAnswers(context, run, unanswered)
    return {
      severity: isCriticalShare(unanswered, attempted) ? 'critical' : 'info',
      side: 'path',
      title:
        late > 0
          ? `${figure(unanswered)} of ${figure(attempted)} handshakes were given up${within}; ${figure(late)} answers came later than that`
          : unanswered === attempted && icmpReceived(context) === 0
            ? `none of ${figure(attempted)} SYNs was answered${within}: the target or a firewall on the way drops them, or the answers take longer`
            : `${figure(unanswered)} of ${figure(attempted)} handshakes were never answered${within}${beyond(run)}`,
      evidence: [
        ...tallyEvidence(failures(context, ['ETIMEDOUT']).tallies),
        ...connectionEvidence(context, 'established'),
        ...counterEvidence(
          inRamp(context),
          'TcpExt.TCPSynRetrans',
          'Icmp.InDestUnreachs',
          'Icmp6.InDestUnreachs'
        ),
        ...(late > 0 ? counterEvidence(context, 'Tcp.OutRsts') : [])
      ],
      remedy:
        late > 0
          ? [advice('raise the connect timeout above the round-trip time: --connect-timeout')]
          : [...watchThere],
      events: unanswered
    }
  }
})

function beyond(run: RunOutcome): string {
  const plateau = plateauOf(run)
  if (plateau) return `: none succeeded beyond ${figure(plateau.held)}`
  return run.connections.established > 0 ? ', although others were' : ''
}

/**
 * Answers to connections that were given up, which this host answers with RST: as many as half the time-outs, and no more
 * than the SYNs can have brought about. They only come so late where the others, if any, take nearly as long. A stale ACK
 * is reset, too, and makes the kernel send the SYN again at once, beyond its schedule.
 * @returns 0 where it does not look like that
 */
function lateAnswers(context: ExplainContext, run: RunOutcome, unanswered: number): number {
  const { scenario } = context
  if (scenario === null || (scenario.churn && scenario.close === 'rst')) return 0
  const resets = moved(context, 'Tcp.OutRsts')
  const repeated = moved(inRamp(context), 'TcpExt.TCPSynRetrans')
  const { established, attempted } = run.connections
  const isSlow = established === 0 || run.connectLatency.p50 >= scenario.connectTimeoutMs * 500
  const scheduled = attempted * (synsWithin(context, earlyShare) - 1)
  const fits =
    resets >= unanswered / 2 &&
    resets <= mostAnswers * (attempted + repeated) &&
    repeated <= scheduled + resets / 2
  return isSlow && fits ? resets : 0
}

/** SYN-ACKs that one SYN may bring about: until the RST arrives, the target sends it again. */
const mostAnswers = 4

/** What to type on the target: these move there, and nothing does here. */
export const watchThere = [
  command('c1m-native watch'),
  command('nstat -asz TcpExtListenOverflows TcpExtListenDrops TcpExtPAWSTimewait TcpExtIPReversePathFilter'),
  command('cat /proc/net/stat/nf_conntrack'),
  command('nft list ruleset')
]

/**
 * Time-outs that independent packet loss would leave: with a share p of SYNs lost, all SYNs of a handshake are lost p^n
 * times of one, n being those the schedule fits into the time allowed. Of the connections that were established,
 * (p - p^n) / (1 - p^n) needed more than one SYN, which tells p.
 */
function lossTimeouts(context: ExplainContext, run: RunOutcome): { expected: number; deviation: number } {
  const { established, attempted } = run.connections
  const retried = retriedForLoss(context)
  if (established === 0 || retried === 0 || context.scenario === null) return { expected: 0, deviation: 0 }
  // Where some SYNs were sent again, two fit.
  const syns = Math.max(2, synsWithin(context, lateShare))
  const share = lossShare(Math.min(1, retried / established), syns)
  const expected = attempted * share ** syns
  // The share is itself an estimate, and its error grows with its power.
  const byEstimate = (expected * syns) / Math.sqrt(retried)
  return { expected, deviation: Math.sqrt(expected + byEstimate ** 2) }
}

/** The p of which (p - p^n) / (1 - p^n) is `retried`; that grows with p, from 0 to (n - 1) / n, beyond which it is not loss. */
function lossShare(retried: number, syns: number): number {
  if (retried >= (syns - 1) / syns) return retried
  let [low, high] = [0, 1]
  for (let step = 0; step < 40; step++) {
    const middle = (low + high) / 2
    const all = middle ** syns
    if ((middle - all) / (1 - all) < retried) low = middle
    else high = middle
  }
  return low
}

/** The kernel's timers fire up to a tenth late, never early. */
const lateShare = 1.1
const earlyShare = 1

/** SYNs of a handshake that are sent before it is given up, with timers so late. */
function synsWithin({ scenario, facts }: ExplainContext, late: number): number {
  if (scenario === null) return 1
  const { retries, giveUp } = synRetrySchedule({
    retries: scenario.synRetries || (facts.before.tcp.synRetries ?? 6),
    linearTimeouts: facts.before.tcp.synLinearTimeouts
  })
  const timeoutMs = Math.min(scenario.connectTimeoutMs, giveUp * 1000)
  return 1 + retries.filter((moment) => moment * 1000 * late < timeoutMs).length
}

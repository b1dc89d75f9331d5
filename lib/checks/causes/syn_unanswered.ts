import { synRetrySchedule } from '../../host/syn_retry_comb.js'
import { defineCheck, type ExplainContext, type RunOutcome } from '../context.js'
import { connectionEvidence, counterEvidence, failures, figure, tallyEvidence } from '../evidence.js'
import { plateauOf } from '../plateau.js'
import { command } from '../remedy.js'
import { retriedForLoss } from '../stale_answers.js'
import { severityOf, timedOutUnanswered } from '../symptoms.js'

/**
 * Handshakes that got no answer at all, more of them than lost packets explain: something drops these SYNs every time. No
 * counter of this namespace says what; where one does, the check for it is the better name.
 */
export const synUnanswered = defineCheck({
  id: 'syn-unanswered',
  rank: 220,
  concerns: 'path',
  tentativeFromAfar: true,

  explain(context) {
    const { run } = context
    if (run === null) return null
    const unanswered = timedOutUnanswered(context)
    const byLoss = lossTimeouts(context, run)
    // Three standard deviations above what loss alone would do.
    if (unanswered <= byLoss + 3 * Math.sqrt(byLoss)) return null
    const { established, attempted } = run.connections
    const plateau = plateauOf(run)
    return {
      severity: severityOf(context, unanswered),
      side: 'path',
      title:
        established === 0
          ? `none of ${figure(attempted)} SYNs was answered: the target drops them, or a firewall on the way does`
          : `${figure(unanswered)} of ${figure(attempted)} handshakes were never answered${plateau ? `: none succeeded beyond ${figure(plateau.held)}` : ', although others were'}`,
      evidence: [
        ...tallyEvidence(failures(context, ['ETIMEDOUT']).tallies),
        ...connectionEvidence(context, 'established'),
        ...counterEvidence(context, 'TcpExt.TCPSynRetrans')
      ],
      remedy: [...watchThere],
      events: unanswered
    }
  }
})

/** What to type on the target: these move there, and nothing does here. */
export const watchThere = [
  command('c1m-native watch'),
  command('nstat -asz TcpExtListenOverflows TcpExtListenDrops TcpExtPAWSTimewait TcpExtIPReversePathFilter'),
  command('cat /proc/net/stat/nf_conntrack'),
  command('nft list ruleset')
]

/**
 * Time-outs that independent packet loss would leave: with a share p of SYNs lost, as the repeated ones tell, all SYNs
 * of a handshake are lost p^n times of one, n being those the schedule fits into the time allowed.
 */
function lossTimeouts(context: ExplainContext, run: RunOutcome): number {
  const { scenario, facts } = context
  const { established, attempted } = run.connections
  if (established === 0 || scenario === null) return 0
  const lossShare = retriedForLoss(context) / established
  const schedule = synRetrySchedule({
    retries: scenario.synRetries || (facts.before.tcp.synRetries ?? 6),
    linearTimeouts: facts.before.tcp.synLinearTimeouts
  })
  const syns = 1 + schedule.retries.filter((moment) => moment * 1000 < scenario.connectTimeoutMs).length
  return attempted * lossShare ** syns
}

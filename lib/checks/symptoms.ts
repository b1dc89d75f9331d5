import { counterValue } from '../host/counters.js'
import { isAtLeast } from '../host/kernel.js'
import type { Severity } from '../result/finding.js'
import type { ExplainContext, RunOutcome } from './context.js'
import { inRamp, moved } from './evidence.js'
import { repeatedSyns } from './repeated_syns.js'
import { staleAnswers } from './stale_answers.js'

/** Handshakes given up because no answer came in time, by us or by the kernel. */
export function timedOut(run: RunOutcome): number {
  return run.errors.reduce(
    (sum, { phase, code, count }) =>
      phase === 'timeout' || (phase === 'connect' && code === 'ETIMEDOUT') ? sum + count : sum,
    0
  )
}

/** Handshakes still under way. */
export function pending({ connections }: RunOutcome): number {
  return Math.max(0, connections.attempted - connections.established - connections.failed)
}

/** Handshakes given up without any answer. */
export function timedOutUnanswered(context: ExplainContext): number {
  return context.run === null ? 0 : Math.max(0, timedOut(context.run) - staleAnswers(context).timedOut)
}

/**
 * SYNs of this run that got no answer, at least: those sent again, the last of each that timed out, and those still
 * pending when the kernel sends some again. 0 in a healthy run.
 */
export function lostSyns(context: ExplainContext): number {
  const { run } = context
  if (run === null) return 0
  const stale = staleAnswers(context)
  return (
    lostRepeats(context, run) +
    timedOutUnanswered(context) +
    Math.min(Math.max(0, pending(run) - stale.pending), moved(inRamp(context), 'TcpExt.TCPSynRetrans'))
  )
}

/** SYNs of established connections that were sent again, less those whose answer was only late. */
function lostRepeats(context: ExplainContext, { retransmits }: RunOutcome): number {
  const syn = Math.max(0, retransmits.syn - staleAnswers(context).established)
  if (syn === 0 || retransmits.firstSynAnswered === 0) return syn
  const { lost, late, unclear } = repeatedSyns(context)
  return Math.round((syn * (lost + unclear)) / Math.max(1, lost + late + unclear))
}

/** Share of the lost SYNs that a counter must account for: other processes move it, too. */
const accountableShare = 0.2

/**
 * Whether a counter of silent drops explains SYNs this run lost, by a fifth of them or more. Beside a server any movement
 * counts.
 */
export function accountsForLoss(context: ExplainContext, drops: number): boolean {
  if (drops <= 0) return false
  if (context.run === null) return true
  const lost = lostSyns(context)
  return lost > 0 && drops >= lost * accountableShare
}

/**
 * How much dropped SYNs matter: `info` when those of this run that they explain are fewer than a hundredth of its attempts,
 * `critical` otherwise; without a run, `warning`.
 */
export function lossSeverity(context: ExplainContext, drops: number): Severity {
  const { run } = context
  if (run === null) return 'warning'
  return isCriticalShare(Math.min(drops, lostSyns(context)), run.connections.attempted) ? 'critical' : 'info'
}

/** Whether fewer connections stood than were asked for. */
export function goalMissed({ connections }: RunOutcome): boolean {
  return connections.established < connections.requested
}

/** Whether a cause that affects so many of all connections, or such a share of 1, is critical. */
export function isCriticalShare(affected: number, all: number): boolean {
  return affected >= all / 100
}

/** `critical` when the goal was missed, or enough of the attempts were affected; without a run, `warning`. */
export function severityOf({ run }: ExplainContext, affected: number): Severity {
  if (run === null) return 'warning'
  return goalMissed(run) || isCriticalShare(affected, run.connections.attempted) ? 'critical' : 'warning'
}

/**
 * Whether SYNs that TIME_WAIT rejects have a counter of their own here: PAWSTimewait, from kernel 6.16
 * (c449d5f3a3d7). Before, they are counted as PAWSEstab.
 */
export function hasTimeWaitCounter({ counters, facts }: ExplainContext): boolean {
  if (counterValue(counters, 'TcpExt.PAWSTimewait') !== null) return true
  const { version } = facts.before.kernel
  return version !== null && isAtLeast(version, 6, 16)
}

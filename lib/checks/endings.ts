/** Connections that ended before their time, as checks look at them. */
import type { NativeEarlyEnd, NativeEndCause } from '../engine/native_endings.js'
import type { Evidence, Severity } from '../result/finding.js'
import type { ExplainContext } from './context.js'
import { fact, figure } from './evidence.js'
import { isCriticalShare } from './symptoms.js'

/** Those that ended for one of several causes. */
export interface Ended {
  ends: readonly NativeEarlyEnd[]
  count: number
  /** The most frequent cause; null when there is none. */
  main: NativeEarlyEnd | null
}

export function endedBy({ endings }: ExplainContext, ...causes: readonly NativeEndCause[]): Ended {
  const ends = endings.early
    .filter(({ cause }) => causes.includes(cause))
    .toSorted((a, b) => b.count - a.count)
  return { ends, count: ends.reduce((sum, { count }) => sum + count, 0), main: ends[0] ?? null }
}

/** Exchanges that have ended, one way or the other. In a churn whose peer is only to close, the connections. */
export function exchangesMade({ run }: ExplainContext): number {
  if (!run) return 0
  return run.exchange ? run.exchange.completed + run.exchange.failed : run.connections.established
}

/** `100 of 100 exchanges` */
export function shareOfExchanges(context: ExplainContext, count: number): string {
  const noun = context.run?.exchange ? 'exchanges' : 'connections'
  return `${figure(count)} of ${figure(exchangesMade(context))} ${noun}`
}

/** `critical` where a hundredth of the exchanges, or of the connections, was affected. */
export function exchangeSeverity(context: ExplainContext, count: number): Severity {
  const connections = context.run?.connections.established ?? 0
  const all = Math.min(exchangesMade(context), connections)
  return isCriticalShare(count, all) ? 'critical' : 'warning'
}

/** How many ended for each cause, and what TCP_INFO said of the first of them. */
export function endEvidence({ ends }: Ended, ...more: readonly (keyof NativeEarlyEnd)[]): Evidence[] {
  return ends.flatMap((end) => [
    ...fact(endNames[end.cause], end.count),
    ...fact(
      `TCP_INFO of ${end.example}`,
      more.map((name) => `${fieldNames[name] ?? name} ${end[name]}`).join(', ')
    )
  ])
}

/** What is counted under each cause. */
const endNames: Record<NativeEndCause, string> = {
  unacknowledged: 'message never acknowledged',
  oversized: 'message of more than 500 bytes never acknowledged',
  halfOpen: 'message never acknowledged, SYN-ACK repeated',
  silenced: 'message never acknowledged, an earlier one answered',
  cutOff: 'message reset, an earlier one answered',
  notReading: 'receive window of the peer closed',
  unanswered: 'message acknowledged, no answer',
  answerLost: 'message acknowledged, beginning of the answer lost',
  tooSoon: 'given up before the first retransmission',
  unclosed: 'not closed by the peer',
  wrong: 'answered otherwise',
  closed: 'closed instead of an answer',
  reset: 'reset instead of an answer',
  other: 'failed on this host',
  heldClosed: 'closed while held',
  heldReset: 'reset while held',
  heldLost: 'lost while held'
}

/** As ss(8) and linux/tcp.h call them. */
const fieldNames: Partial<Record<keyof NativeEarlyEnd, string>> = {
  notSentBytes: 'notsent_bytes',
  outOfOrder: 'rcv_ooopack',
  retransmits: 'total_retrans',
  rtoUs: 'rto_us',
  rttUs: 'rtt_us',
  segsIn: 'segs_in',
  sndMss: 'snd_mss',
  sndWnd: 'snd_wnd'
}

/** A duration in a title, to a tenth of a second: `10.0 s`. */
export function inSeconds(ns: number): string {
  return `${(ns / 1e9).toFixed(1)} s`
}

/** The exchange timeout in a title: `500 ms`, `2 s`. */
export function timeoutText({ scenario }: ExplainContext): string {
  const ms = scenario?.exchangeTimeoutMs ?? 0
  return ms < 1000 ? `${ms} ms` : `${Number((ms / 1000).toFixed(1))} s`
}

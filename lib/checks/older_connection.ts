/** What the SYNs of a run met where they were answered by an older connection of their 4-tuple. */
import { counterValue } from '../host/counters.js'
import type { StaleAnswers } from '../result/result.js'
import type { ExplainContext } from './context.js'
import { inRamp, moved } from './evidence.js'
import { staleAnswers } from './stale_answers.js'
import { hasTimeWaitCounter } from './symptoms.js'

/** Handshakes by what they met. */
export interface Met {
  /** A TIME_WAIT: the server's counters say so, or nothing else is to be met in this run. */
  timeWait: number
  /** A connection the server has not closed, or, where its counters are not seen, either of both. */
  connection: number
  /** Of all of them, those that were not established. */
  stuck: number
}

/** Share of the stale answers that a counter must account for, so that a segment gone astray names nothing. */
const accountableShare = 0.2

export function metBy(context: ExplainContext): Met {
  const stale = staleAnswers(context)
  const all = stale.established + stale.timedOut + stale.pending
  const timeWait = timeWaitsMet(context, all)
  return { timeWait, connection: all - timeWait, stuck: stuck(stale) }
}

function timeWaitsMet(context: ExplainContext, all: number): number {
  if (!context.peerIsHere) return leavesTimeWaits(context) ? all : 0
  const ramp = inRamp(context)
  // A living connection counts each SYN it answers: tcp_validate_incoming in net/ipv4/tcp_input.c.
  const living = moved(ramp, 'TcpExt.TCPSYNChallenge')
  const timeWaits = Math.min(Math.max(0, all - living), rejectedSegments(ramp))
  return timeWaits >= all * accountableShare ? timeWaits : 0
}

/**
 * Those whose retries came to nothing. At the end of a run some are always in the milliseconds between the stale answer and
 * the next SYN: they tell of trouble only where no more got through.
 */
function stuck({ established, timedOut, pending }: StaleAnswers): number {
  return timedOut + (pending > established ? pending : 0)
}

/**
 * Whether the run has left TIME_WAITs at the server, for its own SYNs to meet behind a NAT. One that merely reuses its tuples
 * is no proof: without a NAT the server accepts them, because timestamps of one host and 4-tuple only grow.
 */
function leavesTimeWaits({ run, scenario, needs }: ExplainContext): boolean {
  if (run === null || scenario === null) return false
  if (scenario.churn && scenario.closeBy === 'server') return (run.churn?.transactions ?? 0) > 0
  const { established, timedOut, pending } = run.staleAnswers
  const hasNat = needs !== null && needs.nat !== null
  return hasNat && run.connections.closedByPeer >= Math.max(1, established + timedOut + pending)
}

/**
 * Segments with an older timestamp than a TIME_WAIT has. Before kernel 6.16 these share PAWSEstab with old segments of live
 * connections: without a TIME_WAIT they are those.
 */
export function rejectedSegments(context: ExplainContext): number {
  if (hasTimeWaitCounter(context)) return moved(context, 'TcpExt.PAWSTimewait')
  const timeWaits = counterValue(context.counters, 'Sockstat.TCP.tw') ?? 0
  return timeWaits > 0 ? moved(context, 'TcpExt.PAWSEstab') : 0
}

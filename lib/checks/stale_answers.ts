/** Handshakes that were answered, and not by a SYN-ACK. */
import { counterValue } from '../host/counters.js'
import type { StaleAnswers } from '../result/result.js'
import type { ExplainContext } from './context.js'
import { inRamp, moved } from './evidence.js'

/**
 * Handshakes whose SYN was answered by an older connection. This side answers each of those by RST: segments that moved
 * nothing, such as a RST for another connection, are none.
 */
export function staleAnswers(context: ExplainContext): StaleAnswers {
  const { run, counters } = context
  const { established, timedOut, pending } = run?.staleAnswers ?? noStaleAnswers
  const resets = moved(inRamp(context), 'Tcp.OutRsts')
  const isKnown = counterValue(counters, 'Tcp.OutRsts') !== null
  return isKnown && resets < (established + timedOut + pending) / 2
    ? noStaleAnswers
    : { established, timedOut, pending }
}

const noStaleAnswers: StaleAnswers = { established: 0, timedOut: 0, pending: 0 }

/** Connections that needed more than one SYN because one got no answer. */
export function retriedForLoss(context: ExplainContext): number {
  const retried = context.run?.retransmits.connectionsWithSynRetry ?? 0
  return Math.max(0, retried - staleAnswers(context).established)
}

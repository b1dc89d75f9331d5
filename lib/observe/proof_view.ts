/** Evidence of whether the connections of a hold were alive. */
import type { NativeProof } from '../engine/native_run.js'
import type { Alive } from '../result/result.js'
import { areRepeats, stillRepeating } from './syn_ack_repeats.js'

/** The evidence, for the checks. */
export interface ProofView {
  by: Alive['by']
  /** Connections that were probed, or read because they are probed or exchange data anyway; and all connections. */
  probed: number
  of: number
  /** Connections whose peer has answered. */
  proven: number
  /**
   * Connections whose peer has left several probes unanswered; of these, those whose peer has sent only a SYN-ACK; of
   * those, the ones whose peer never opened its window.
   */
  silent: number
  neverHeard: number
  zeroWindow: number
  /** The longest time since a silent peer was heard, in milliseconds. */
  longestSilenceMs: number
  /** Connections whose SYN-ACK still arrives repeatedly. */
  repeating: number
  /** Connections that were reset in answer to a probe, by a peer that sent nothing after its SYN-ACK. */
  unknownToPeer: number
  /** Connections that the kernel gave up, or that were reset in answer to a probe by a peer that was heard before. */
  gone: number
}

/** The view if nothing was probed. */
export const unproven: ProofView = {
  by: 'none',
  probed: 0,
  of: 0,
  proven: 0,
  silent: 0,
  neverHeard: 0,
  zeroWindow: 0,
  longestSilenceMs: 0,
  repeating: 0,
  unknownToPeer: 0,
  gone: 0
}

/** The part of a view that one step of a proof provides. */
export type BelievedSums = Omit<ProofView, 'by' | 'probed' | 'of' | 'unknownToPeer' | 'gone'>

/**
 * The sums of a step, without those that have another explanation.
 * @param challenges how far TcpExt.TCPSYNChallenge has moved; needed only if SYN-ACKs seem to be repeated
 */
export function believed(sums: NativeProof, challenges: number): BelievedSums {
  const { neverHeard, zeroWindow, longestSilenceMs } = sums
  const silence = { silent: sums.silent, neverHeard, zeroWindow, longestSilenceMs }
  const none = { silent: 0, neverHeard: 0, zeroWindow: 0, longestSilenceMs: 0 }
  const areSynAcks = sums.repeating > 0 && areRepeats(sums.repeats, challenges)
  return {
    // Segments that were not SYN-ACKs do not disprove an answer.
    proven: sums.proven + (areSynAcks ? 0 : sums.repeatingProven),
    repeating: areSynAcks ? stillRepeating(sums.repeating, sums.healed) : 0,
    ...(isLoss(sums) ? none : silence)
  }
}

/** Number of probes that a silent peer has left unanswered: native/engine/run/prover.cc. */
const probes = 3

/** Factor by which chance may exceed the number of silent connections that loss explains. */
const margin = 3

/** Times in a row that a segment of a silent connection was sent again: kHopelessRetransmits of native/engine/run/prover.cc. */
const hopelessRetransmits = 4

/**
 * Whether packet loss explains the silence of some live connections. Where probes or their answers are lost, other
 * connections answered only a later probe, and a share of them loses three in a row. Where data is lost, other connections
 * retransmit as well. Each retransmission waits twice as long as the one before, so connections that wait beyond the nth
 * one account for a share of (2 x loss)^(n - 1) of all waiting time.
 */
function isLoss({ proven, late, sent, resent, silent }: NativeProof): boolean {
  if (late + resent === 0 || proven === 0) return false
  const lostProbes = (late / proven) ** probes
  const lostData = sent === 0 ? 0 : ((2 * resent) / sent) ** (hopelessRetransmits - 1)
  const share = Math.max(lostProbes, lostData)
  return silent <= margin * Math.max(1, (proven * share) / (1 - Math.min(0.9, share)))
}

/** The view as it appears in the result. */
export function aliveOf(view: ProofView): Alive {
  const { by, probed, of, proven } = view
  const disproved = view.silent + view.repeating + view.unknownToPeer + view.gone
  return { by, probed, proven, disproved, unknown: Math.max(0, of - proven - disproved) }
}

/** Scales a count among the probed connections up to all connections. */
export function extrapolated(count: number, { probed, of }: Pick<ProofView, 'probed' | 'of'>): number {
  return probed === 0 ? count : Math.round((count / probed) * Math.max(probed, of))
}

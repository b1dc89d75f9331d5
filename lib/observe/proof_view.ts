/** What showed whether the connections of a hold were alive, and what that amounts to. */
import type { NativeProof } from '../engine/native_run.js'
import type { Alive } from '../result/result.js'
import { areRepeats, stillRepeating } from './syn_ack_repeats.js'

/** What checks look at. */
export interface ProofView {
  by: Alive['by']
  /** Connections that were asked, or read because they are probed or talk anyway; and those there were. */
  probed: number
  of: number
  /** Their peer has answered something. */
  proven: number
  /** Their peer has left several probes unanswered; of these, it has sent nothing but a SYN-ACK; and a closed window. */
  silent: number
  neverHeard: number
  zeroWindow: number
  /** Milliseconds since a silent one was heard, at most. */
  longestSilenceMs: number
  /** Their SYN-ACK comes again to this day. */
  repeating: number
  /** Reset in answer to a probe, by a peer that was never heard after its SYN-ACK. */
  unknownToPeer: number
  /** Given up by the kernel, or reset in answer to a probe by a peer that was heard before. */
  gone: number
}

/** Nothing was asked. */
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

/** The part of a view that a step of a proof gives. */
export type BelievedSums = Omit<ProofView, 'by' | 'probed' | 'of' | 'unknownToPeer' | 'gone'>

/**
 * What of the sums of a step can be believed.
 * @param challenges how far TcpExt.TCPSYNChallenge has moved; needed where SYN-ACKs seem to come again
 */
export function believed(sums: NativeProof, challenges: number): BelievedSums {
  const { neverHeard, zeroWindow, longestSilenceMs } = sums
  const silence = { silent: sums.silent, neverHeard, zeroWindow, longestSilenceMs }
  const none = { silent: 0, neverHeard: 0, zeroWindow: 0, longestSilenceMs: 0 }
  const areSynAcks = sums.repeating > 0 && areRepeats(sums.repeats, challenges)
  return {
    // What was no SYN-ACK does not speak against an answer.
    proven: sums.proven + (areSynAcks ? 0 : sums.repeatingProven),
    repeating: areSynAcks ? stillRepeating(sums.repeating, sums.healed) : 0,
    ...(isLoss(sums) ? none : silence)
  }
}

/** Probes a peer has to leave unanswered to be called silent: native/engine/run/prover.cc. */
const probes = 3

/** How far chance may exceed what loss explains. */
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

/** How the view looks in the result. */
export function aliveOf(view: ProofView): Alive {
  const { by, probed, of, proven } = view
  const disproved = view.silent + view.repeating + view.unknownToPeer + view.gone
  return { by, probed, proven, disproved, unknown: Math.max(0, of - proven - disproved) }
}

/** What so many of those that were asked come to when as many of all the others are alike. */
export function extrapolated(count: number, { probed, of }: Pick<ProofView, 'probed' | 'of'>): number {
  return probed === 0 ? count : Math.round((count / probed) * Math.max(probed, of))
}

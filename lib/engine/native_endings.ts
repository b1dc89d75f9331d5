/** How connections of a native run ended, as the addon tells it. */

/** Why connections ended before their time: see native/engine/measure/early_ends.h. */
export type NativeEndCause =
  | 'unacknowledged'
  | 'oversized'
  | 'halfOpen'
  | 'silenced'
  | 'cutOff'
  | 'notReading'
  | 'unanswered'
  | 'answerLost'
  | 'tooSoon'
  | 'unclosed'
  | 'wrong'
  | 'closed'
  | 'reset'
  | 'other'
  | 'heldClosed'
  | 'heldReset'
  | 'heldLost'

/** Connections that ended before their time for one cause, with TCP_INFO of the first of them at that moment. */
export interface NativeEarlyEnd {
  cause: NativeEndCause
  count: number
  /** Those of which no exchange had been completed. */
  first: number
  /** Those of which a part of the answer had come. */
  partial: number
  /** Those on which the peer had never sent anything. */
  unheard: number
  /** Segments sent again, without the SYNs of the handshakes. */
  resent: number
  /** How long no data had gone either way when the peer ended them, or when the message was sent that failed. */
  quietP10Ns: number
  quietP50Ns: number
  quietP90Ns: number
  example: string
  sndMss: number
  rttUs: number
  rtoUs: number
  unacked: number
  sacked: number
  retransmits: number
  notSentBytes: number
  sndWnd: number
  segsIn: number
  outOfOrder: number
}

/** An answer that was not the expected one, or only a part of it. */
export interface NativeWrongAnswer {
  connection: string
  /** Where in the answer the bytes begin. */
  offset: number
  /** Empty where any bytes would have done. */
  expected: Uint8Array
  received: Uint8Array
}

/** ICMP errors of one kind that ended handshakes: a sample of them, see native/engine/dial/icmp_sample.h. */
export interface NativeIcmpError {
  /** The host that sent them. */
  from: string
  /** Of IP; each has types and codes of its own. */
  version: number
  type: number
  code: number
  /** Where the rejected SYNs were going, `address:port`. */
  target: string
  count: number
}

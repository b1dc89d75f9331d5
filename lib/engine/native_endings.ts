/** How connections of a native run ended, as the addon reports it. */

/** Why connections ended early: see native/engine/measure/early_ends.h. */
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

/** Connections that ended early for one cause, with TCP_INFO of the first of them at that moment. */
export interface NativeEarlyEnd {
  cause: NativeEndCause
  count: number
  /** Connections that had not completed an exchange. */
  first: number
  /** Connections that had received a part of the answer. */
  partial: number
  /** Connections on which the peer had never sent anything. */
  unheard: number
  /** Segments retransmitted, without the SYNs of the handshakes. */
  resent: number
  /** Time without data in either direction until the peer ended them, or until the message was sent that failed. */
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

/** An answer that was wrong or incomplete. */
export interface NativeWrongAnswer {
  connection: string
  /** Offset of these bytes in the answer. */
  offset: number
  /** Empty if any bytes were acceptable. */
  expected: Uint8Array
  received: Uint8Array
}

/** ICMP errors of one kind that ended handshakes, from a sample: see native/engine/dial/icmp_sample.h. */
export interface NativeIcmpError {
  /** The host that sent the errors. */
  from: string
  /** Version of IP; types and codes differ between IPv4 and IPv6. */
  version: number
  type: number
  code: number
  /** Destination of the rejected SYNs, `address:port`. */
  target: string
  count: number
}

/** What was said on the connections of a run. */
import type { Count } from '../base/quantities.js'

/** Totals of what was said on the connections. */
export interface Exchange {
  /** Exchanges that ended as they should: all was sent and the answer came. */
  completed: Count
  /** Exchanges that did not; the errors of phase `exchange` say why. */
  failed: Count
  /** Why they did not, by what the kernel said of the connection; their sum is `failed`. */
  failures: ExchangeFailures
  bytesSent: Count
  /** With what came unasked or beyond the answers. */
  bytesReceived: Count
}

/** Exchanges that failed, each counted once, by what TCP_INFO said of the connection at that moment. */
export interface ExchangeFailures {
  /** Data was sent, and sent again, and the peer never acknowledged it. */
  unacknowledged: Count
  /** All was acknowledged, and the answer, or the peer's close, did not come in time. */
  unanswered: Count
  /** The peer's receive window was closed: its application does not read. */
  peerNotReading: Count
  /** Another answer came than expected. */
  wrong: Count
  /** The peer closed the connection instead of answering. */
  closed: Count
  /** The peer, or something on the way, reset the connection instead. */
  reset: Count
  /** An error of this host. */
  other: Count
}

/** An answer that was not the expected one, or only a part of it: the first of the run. */
export interface WrongAnswer {
  /** `source:port > destination:port`. */
  connection: string
  /** Where in the answer the bytes shown begin: 0 unless it differs further on. */
  offset: Count
  /** At most 64 bytes of what was expected there; null where any bytes would have done. */
  expected: AnswerBytes | null
  /** At most 64 bytes of what came. */
  received: AnswerBytes
}

/** A few bytes of an answer. */
export interface AnswerBytes {
  /** As a text with the escapes of the option `expect`. */
  text: string
  hex: string
}

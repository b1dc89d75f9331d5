/** What happened to the exchanges of a dial. */
import type { Engine, EngineCounters, ErrorTally } from '../engine/engine.js'
import type { NativeEarlyEnd, NativeEndCause, NativeWrongAnswer } from '../engine/native_endings.js'
import type { AnswerBytes, Exchange, ExchangeFailures, WrongAnswer } from '../result/exchange_result.js'
import { formatMessage } from '../scenario/message.js'

/** Where each cause is counted; those of connections without an exchange are not. */
const failureOf: Partial<Record<NativeEndCause, keyof ExchangeFailures>> = {
  unacknowledged: 'unacknowledged',
  oversized: 'unacknowledged',
  halfOpen: 'unacknowledged',
  silenced: 'unacknowledged',
  notReading: 'peerNotReading',
  unanswered: 'unanswered',
  answerLost: 'unanswered',
  tooSoon: 'unanswered',
  unclosed: 'unanswered',
  wrong: 'wrong',
  closed: 'closed',
  reset: 'reset',
  cutOff: 'reset',
  other: 'other'
}

export function exchanged(
  counters: EngineCounters,
  errors: readonly ErrorTally[],
  ends: readonly NativeEarlyEnd[]
): Exchange {
  return {
    completed: counters.exchanges,
    failed: failedExchanges(errors),
    failures: failuresOf(ends),
    bytesSent: counters.dialedBytesSent,
    bytesReceived: counters.dialedBytesReceived
  }
}

export function failedExchanges(errors: readonly ErrorTally[]): number {
  return errors.reduce((sum, { phase, count }) => (phase === 'exchange' ? sum + count : sum), 0)
}

function failuresOf(ends: readonly NativeEarlyEnd[]): ExchangeFailures {
  const failures: ExchangeFailures = {
    unacknowledged: 0,
    unanswered: 0,
    peerNotReading: 0,
    wrong: 0,
    closed: 0,
    reset: 0,
    other: 0
  }
  for (const { cause, count } of ends) {
    const kind = failureOf[cause]
    if (kind !== undefined) failures[kind] += count
  }
  return failures
}

export function wrongAnswerOf(engine: Pick<Engine, 'wrongAnswer'>): WrongAnswer | null {
  const sample = engine.wrongAnswer()
  return sample && shown(sample)
}

function shown({ connection, offset, expected, received }: NativeWrongAnswer): WrongAnswer {
  return {
    connection,
    offset,
    expected: expected.length === 0 ? null : answerBytes(expected),
    received: answerBytes(received)
  }
}

function answerBytes(bytes: Uint8Array): AnswerBytes {
  return { text: formatMessage(bytes), hex: Buffer.from(bytes).toString('hex') }
}

/** What is said on a connection, and what must come back. */
import { checkWhole } from './check_option.js'
import { C1mError } from './errors.js'
import { formatMessage, readMessage, unescaped } from './message.js'
import type { NativeExchangeConfig } from './native.js'

/** The part of the dial options that makes connections talk. Without any of them nothing is said. */
export interface ExchangeOptions {
  /**
   * Sent once a connection stands: a text with the escapes `\r \n \t \0 \\ \xNN`, `@FILE` for what a file holds, or
   * bytes. At most 1 MiB.
   */
  send?: string | Uint8Array
  /** How the answer must begin, written like `send`. What comes beyond it is read and dropped. */
  expect?: string | Uint8Array
  /** How many bytes, of any kind, make the answer. Not together with `expect`. */
  expectBytes?: number
  /** Stands for `send` and `expectBytes`: so many bytes out, as many back. At most 16 MiB. */
  messageSize?: number
  /** Period at which each connection sends again, spread over the connections. Milliseconds, above zero; needs `holdMs`. */
  everyMs?: number
  /** An answer (or, with `closeBy: 'server'`, a close) not here after this is a failure. Milliseconds, default 5,000. */
  exchangeTimeoutMs?: number
}

/** {@link ExchangeOptions} with every default resolved and files read. Plain JSON. */
export interface ExchangeScenario {
  /** What is sent, as a text with escapes; empty: nothing, or `sendBytes` bytes of filling. */
  send: string
  /** Bytes sent each time. */
  sendBytes: number
  /** How the answer must begin, as a text with escapes; empty: any `expectBytes` bytes. */
  expect: string
  /** Bytes awaited; 0: the exchange is complete once all is sent. */
  expectBytes: number
  /** Period of the heartbeat; null: once. */
  everyMs: number | null
}

/** The most bytes of filling: they are kept once, but every connection has as many on their way. */
const maxMessageSize = 2 ** 24

/** The most bytes that are counted; the engine counts in 32 bits. */
const maxExpectBytes = 2 ** 29 - 1

/** The engine remembers a beginning in 32 bits of microseconds, from which 35 minutes can be told from their past. */
const maxTimeoutMs = 30 * 60_000

const silence: ExchangeScenario = { send: '', sendBytes: 0, expect: '', expectBytes: 0, everyMs: null }

/** What `messageSize` sends. */
const filler = 'x'.charCodeAt(0)

/**
 * The exchange the options ask for, or null when nothing is to be said.
 * @param signal ends the waiting for a file, with the signal's reason
 * @throws C1mError C1M_OPTION_INVALID, C1M_OPTION_CONFLICT, C1M_MESSAGE_INVALID, C1M_FILE_UNREADABLE
 */
export async function resolveExchange(
  options: ExchangeOptions,
  signal?: AbortSignal
): Promise<ExchangeScenario | null> {
  const { messageSize, everyMs } = options
  checkConflicts(options)
  const period = { everyMs: everyMs === undefined ? null : checkWhole('every in ms', everyMs, 1) }
  if (messageSize !== undefined) {
    const size = checkWhole('message size', messageSize, 1, maxMessageSize)
    return { send: '', sendBytes: size, expect: '', expectBytes: size, ...period }
  }
  const send = options.send === undefined ? null : await readMessage(options.send, 'send', signal)
  const expect = options.expect === undefined ? null : await readMessage(options.expect, 'expect', signal)
  const counted =
    options.expectBytes === undefined ? 0 : checkWhole('expect-bytes', options.expectBytes, 1, maxExpectBytes)
  if (!send && !expect && counted === 0) return null
  return {
    send: formatMessage(send ?? new Uint8Array()),
    sendBytes: send?.length ?? 0,
    expect: formatMessage(expect ?? new Uint8Array()),
    expectBytes: expect?.length ?? counted,
    ...period
  }
}

/**
 * How long an answer, or the peer's close, may take, in milliseconds.
 * @throws C1mError C1M_OPTION_INVALID
 */
export function resolveExchangeTimeout({ exchangeTimeoutMs }: ExchangeOptions): number {
  return checkWhole('exchange timeout in ms', exchangeTimeoutMs ?? 5000, 1, maxTimeoutMs)
}

/** The scenario's exchange as the engine takes it; without one, nothing is said and only the timeout counts. */
export function nativeExchange(exchange: ExchangeScenario | null, timeoutMs: number): NativeExchangeConfig {
  const { send, sendBytes, expect, expectBytes, everyMs } = exchange ?? silence
  return {
    send: send === '' ? new Uint8Array(sendBytes).fill(filler) : unescaped(send, 'send'),
    expect: unescaped(expect, 'expect'),
    expectBytes: expect === '' ? expectBytes : 0,
    everyMs: everyMs ?? 0,
    timeoutMs
  }
}

function checkConflicts({ send, expect, expectBytes, messageSize, everyMs }: ExchangeOptions): void {
  const conflict = (message: string, hint: string) => new C1mError('C1M_OPTION_CONFLICT', message, { hint })
  if (messageSize !== undefined && [send, expect, expectBytes].some((option) => option !== undefined)) {
    throw conflict(
      'message-size excludes send, expect and expect-bytes: it stands for them',
      'Write --send and --expect-bytes for messages of different sizes.'
    )
  }
  if (expect !== undefined && expectBytes !== undefined) {
    throw conflict(
      'expect and expect-bytes exclude each other: both say what the answer is',
      'Keep --expect to look at how it begins, --expect-bytes to wait for all of it.'
    )
  }
  if (everyMs !== undefined && send === undefined && messageSize === undefined) {
    throw conflict('every needs something to send', 'Say what with --send S or --message-size N.')
  }
}

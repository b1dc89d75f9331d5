/** What is said on a connection, and what must come back. */

import { textOrBytes, whole } from '../base/check_option.js'
import type { OptionChecks } from '../base/check_options.js'
import { C1mError, type Wording } from '../base/errors.js'
import type { Count } from '../base/quantities.js'
import type { NativeExchangeConfig } from '../engine/native_run.js'
import { formatMessage, readMessage, unescaped } from './message.js'

/** The part of the dial options that makes connections talk. Without any of them nothing is said. */
export interface ExchangeOptions {
  /**
   * Sent once a connection stands: a text with the escapes `\r \n \t \0 \\ \xNN`, `@FILE` for what a file holds, or
   * bytes. At most 1 MiB.
   */
  send?: string | Uint8Array
  /** How the answer must begin, written like `send`. What comes beyond it is read and dropped. */
  expect?: string | Uint8Array
  /** How many bytes, of any kind, make the answer. 1 to 536,870,911. Not together with `expect`. */
  expectBytes?: number
  /** Stands for `send` and `expectBytes`: so many bytes out, as many back. 1 to 16,777,216. */
  messageSize?: number
  /** Period at which each connection sends again, spread over the connections. Milliseconds from 1; needs `holdMs`. */
  everyMs?: number
  /**
   * An answer (or, with `closeBy: 'server'`, a close) not here after this is a failure. Milliseconds, 1 to 1,800,000, default
   * 5,000.
   */
  exchangeTimeoutMs?: number
}

/** {@link ExchangeOptions} with every default resolved and files read. Plain JSON. */
export interface ExchangeScenario {
  /** What is sent, as a text with escapes; empty: nothing, or `sendBytes` bytes of filling. */
  send: string
  /** Bytes sent each time. */
  sendBytes: Count
  /** How the answer must begin, as a text with escapes; empty: any `expectBytes` bytes. */
  expect: string
  /** Bytes awaited; 0: the exchange is complete once all is sent. */
  expectBytes: Count
  /** Period of the heartbeat; null: once. */
  everyMs: Count | null
}

/** The most bytes of filling: they are kept once, but every connection has as many on their way. */
const maxMessageSize = 2 ** 24

/** The most bytes that are counted; the engine counts in 32 bits. */
const maxExpectBytes = 2 ** 29 - 1

/** The engine remembers a beginning in 32 bits of microseconds, from which 35 minutes can be told from their past. */
const maxTimeoutMs = 30 * 60_000

/** What each option may be. */
export const exchangeChecks: OptionChecks<ExchangeOptions> = {
  send: textOrBytes,
  expect: textOrBytes,
  expectBytes: whole(1, maxExpectBytes),
  messageSize: whole(1, maxMessageSize),
  everyMs: whole(1),
  exchangeTimeoutMs: whole(1, maxTimeoutMs)
}

const silence: ExchangeScenario = { send: '', sendBytes: 0, expect: '', expectBytes: 0, everyMs: null }

/** What `messageSize` sends. */
const filler = 'x'.charCodeAt(0)

/**
 * The exchange the options, which have passed {@link exchangeChecks}, ask for, or null when nothing is to be said.
 * @param signal ends the waiting for a file, with the signal's reason
 * @throws C1mError C1M_OPTION_CONFLICT, C1M_MESSAGE_INVALID, C1M_FILE_UNREADABLE
 */
export async function resolveExchange(
  options: ExchangeOptions,
  signal?: AbortSignal
): Promise<ExchangeScenario | null> {
  const { messageSize, everyMs = null } = options
  checkConflicts(options)
  if (messageSize !== undefined) {
    return { send: '', sendBytes: messageSize, expect: '', expectBytes: messageSize, everyMs }
  }
  const send = options.send === undefined ? null : await readMessage(options.send, 'send', signal)
  const expect = options.expect === undefined ? null : await readMessage(options.expect, 'expect', signal)
  const counted = options.expectBytes ?? 0
  if (!send && !expect && counted === 0) return null
  return {
    send: formatMessage(send ?? new Uint8Array()),
    sendBytes: send?.length ?? 0,
    expect: formatMessage(expect ?? new Uint8Array()),
    expectBytes: expect?.length ?? counted,
    everyMs
  }
}

/** The scenario's exchange as the engine takes it; without one, nothing is said and only the timeout counts. */
export function nativeExchange(exchange: ExchangeScenario | null, timeoutMs: number): NativeExchangeConfig {
  const { send, sendBytes, expect, expectBytes, everyMs } = exchange ?? silence
  return {
    send: send === '' ? new Uint8Array(sendBytes).fill(filler) : unescaped(send, 'send'),
    expect: expect === '' ? new Uint8Array() : unescaped(expect, 'expect'),
    expectBytes: expect === '' ? expectBytes : 0,
    everyMs: everyMs ?? 0,
    timeoutMs
  }
}

function checkConflicts({ send, expect, expectBytes, messageSize, everyMs }: ExchangeOptions): void {
  const conflict = (message: Wording, hint: Wording) => new C1mError('C1M_OPTION_CONFLICT', message, { hint })
  if (messageSize !== undefined && [send, expect, expectBytes].some((option) => option !== undefined)) {
    throw conflict(
      (option) =>
        `${option('messageSize')} excludes ${option('send')}, ${option('expect')} and ${option('expectBytes')}: it stands for them`,
      (option) => `Write ${option('send')} and ${option('expectBytes')} for messages of different sizes.`
    )
  }
  if (expect !== undefined && expectBytes !== undefined) {
    throw conflict(
      (option) =>
        `${option('expect')} and ${option('expectBytes')} exclude each other: both say what the answer is`,
      (option) =>
        `Keep ${option('expect')} to look at how it begins, ${option('expectBytes')} to wait for all of it.`
    )
  }
  if (everyMs !== undefined && send === undefined && messageSize === undefined) {
    throw conflict(
      (option) => `${option('everyMs')} needs something to send`,
      (option) => `Say what with ${option('send')} or ${option('messageSize')}.`
    )
  }
}

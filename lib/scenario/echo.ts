/** What the listener of a run without a target answers: what it receives. */
import { C1mError, type Wording } from '../base/errors.js'
import { quote } from '../base/quote.js'
import { formatNumber } from '../base/units.js'
import type { ExchangeOptions, ExchangeScenario } from './exchange.js'

/**
 * Refuses an answer that cannot come: the listener of a run without a target sends back what it receives, and nothing else.
 * @throws C1mError C1M_OPTION_CONFLICT
 */
export function checkEchoed(
  options: ExchangeOptions,
  { send, sendBytes, expect, expectBytes }: ExchangeScenario
): void {
  const asked = options.expect === undefined ? 'expectBytes' : 'expect'
  const conflict = (reason: Wording, hint: Wording) =>
    new C1mError(
      'C1M_OPTION_CONFLICT',
      (option) =>
        `${option(asked)} cannot be met: without a target the listener only echoes, and ${typeof reason === 'string' ? reason : reason(option)}`,
      { hint }
    )
  if (expectBytes === 0) return
  if (sendBytes === 0)
    throw conflict(
      'nothing is sent',
      (option) => `Say what to send with ${option('send')}, or name a target.`
    )
  if (expectBytes > sendBytes)
    throw conflict(
      `${plural(expectBytes)} never come back for ${plural(sendBytes)} sent`,
      'Expect at most what is sent, or name a target.'
    )
  // A text with escapes begins with another exactly where its bytes do.
  if (expect !== '' && !send.startsWith(expect))
    throw conflict(
      (option) => `${option('send')} does not begin with ${quote(expect)}`,
      'Expect the beginning of what is sent, or name a target.'
    )
}

function plural(bytes: number): string {
  return `${formatNumber(bytes)} ${bytes === 1 ? 'byte' : 'bytes'}`
}

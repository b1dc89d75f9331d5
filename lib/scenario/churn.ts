/** Churning: connections that are closed after their exchange and replaced. */
import { choice, flag } from '../base/check_option.js'
import type { OptionChecks } from '../base/check_options.js'
import { C1mError, type Wording } from '../base/errors.js'
import type { ExchangeOptions } from './exchange.js'

export const closers = ['client', 'server'] as const

/** Who closes first: `client` is the dialing side, `server` the peer, which then keeps the TIME_WAIT. */
export type CloseBy = (typeof closers)[number]

/** The part of the dial options that makes connections come and go. */
export interface ChurnOptions {
  /**
   * Close each connection after its exchange and replace it, until `durationMs` has passed; `connections` are open at
   * once. Default false: connections are held.
   */
  churn?: boolean
  /** Who closes first in a churn. Default `client`; `server` waits for the peer's FIN or RST. */
  closeBy?: CloseBy
  /**
   * Goes on at full speed although every exchange fails. Default false: a churn of which 100 exchanges in a row failed
   * slows down, unless it has a rate, and one without a transaction for three seconds of them ends.
   */
  keepGoing?: boolean
}

/** What each of them may be. */
export const churnChecks: OptionChecks<ChurnOptions> = {
  churn: flag,
  closeBy: choice(closers),
  keepGoing: flag
}

/**
 * Refuses options that contradict each other in a churn, or that mean nothing without one.
 * @param talks whether something is said on the connections
 * @param selfDial whether the run dials its own listeners
 * @throws C1mError C1M_OPTION_CONFLICT
 */
export function checkChurn(
  options: ChurnOptions & Pick<ExchangeOptions, 'everyMs' | 'exchangeTimeoutMs'> & { holdMs?: number },
  talks: boolean,
  selfDial: boolean
): void {
  const { churn = false, closeBy, everyMs, holdMs = 0, exchangeTimeoutMs, keepGoing = false } = options
  const conflict = (message: Wording, hint: Wording) => new C1mError('C1M_OPTION_CONFLICT', message, { hint })
  const waits = talks || closeBy === 'server'
  if (exchangeTimeoutMs !== undefined && !waits) {
    throw conflict(
      (option) => `${option('exchangeTimeoutMs')} without an exchange bounds nothing`,
      (option) => `Say what is exchanged with ${option('send')}.`
    )
  }
  if (!churn) {
    if (closeBy === 'server') {
      throw conflict(
        (option) =>
          `${option('closeBy', 'server')} is for churns: the peer of a held connection may close it at any time`,
        (option) => `Add ${option('churn', true)}.`
      )
    }
    if (keepGoing) {
      throw conflict(
        (option) => `${option('keepGoing', true)} is for churns: connections that are held are not replaced`,
        (option) => `Add ${option('churn', true)}.`
      )
    }
    if (everyMs !== undefined && holdMs === 0) {
      throw conflict(
        (option) => `${option('everyMs')} needs a hold: without one no heartbeat falls due`,
        (option) => `Say how long with ${option('holdMs')}.`
      )
    }
    return
  }
  if (everyMs !== undefined) {
    throw conflict(
      (option) =>
        `${option('everyMs')} and ${option('churn')} exclude each other: a churned connection is closed after one exchange`,
      (option) => `Pace a churn with ${option('rate')}.`
    )
  }
  if (holdMs > 0) {
    throw conflict(
      (option) => `${option('holdMs')} and ${option('churn')} exclude each other: a churn holds nothing`,
      (option) => `Say how long it lasts with ${option('durationMs')}.`
    )
  }
  if (closeBy === 'server' && selfDial && talks) {
    throw conflict(
      'the listener of a run without a target either answers or closes first',
      'Leave out the exchange, or name a target.'
    )
  }
}

import { mostPerSecond } from '../base/check_option.js'
import { C1mError } from '../base/errors.js'
import type { Amount, Count } from '../base/quantities.js'
import { quote } from '../base/quote.js'
import { formatDurationMs, formatNumber, parseDurationMs, parseRate } from '../base/units.js'

/** One corner of a piecewise-linear schedule of connection starts. */
export interface RampPoint {
  /** Milliseconds since the run began. */
  atMs: Count
  /** Connections per second at that moment. */
  perSecond: Amount
}

/** As long as any other duration: 24 days. */
const mostMs = 2 ** 31 - 1

/**
 * Reads `TIME:RATE,TIME:RATE,...`, e.g. `0:10k/s,30s:200k/s`: the rate moves in a straight line from point to
 * point, and the last one holds. The first time is 0, times rise, the last rate is more than zero.
 * @throws C1mError C1M_RAMP_INVALID; C1M_DURATION_INVALID and C1M_RATE_INVALID for the parts
 */
export function parseRamp(text: string): RampPoint[] {
  const fail = (reason: string) =>
    new C1mError('C1M_RAMP_INVALID', `ramp: ${quote(text)} ${reason}`, {
      hint: 'Write TIME:RATE pairs, e.g. 0:10k/s,30s:200k/s.'
    })
  const points = text.split(',').map((point) => {
    const [time = '', rate, ...rest] = point.split(':')
    if (rate === undefined || rest.length > 0) throw fail(`has ${quote(point)} where TIME:RATE is expected`)
    return { atMs: parseDurationMs(time, 'ramp time'), perSecond: parseRate(rate, 'ramp rate') }
  })
  if (points[0]?.atMs !== 0) throw fail('does not say the rate at time 0')
  points.forEach(({ atMs }, i) => {
    const before = points[i - 1]
    if (before && atMs <= before.atMs) {
      throw fail(
        `goes from ${formatDurationMs(before.atMs)} to ${formatDurationMs(atMs)}, and times must rise`
      )
    }
  })
  if (points.some(({ perSecond }) => perSecond > mostPerSecond)) {
    throw fail(`has a rate above ${formatNumber(mostPerSecond)}/s`)
  }
  if ((points.at(-1)?.atMs ?? 0) > mostMs) throw fail('goes on for more than 24 days')
  if (points.at(-1)?.perSecond === 0) throw fail('ends at a rate of zero, which would never finish')
  return points
}

/** The rate of connection starts over time. */
import { type Check, checkWhole, describeValue, mostPerSecond, mostWhole } from '../base/check_option.js'
import { C1mError, type Wording } from '../base/errors.js'
import type { Amount, Count } from '../base/quantities.js'
import { quote } from '../base/quote.js'
import { formatDurationMs, formatNumber, parseDurationMs, parseRate } from '../base/units.js'

/** One corner of a piecewise-linear schedule of connection starts. */
export interface RampPoint {
  /** Whole milliseconds since the run began. */
  atMs: Count
  /** Connections per second at that moment, 0 to 1,000,000,000. */
  perSecond: Amount
}

/** A ramp as a caller gives it: a text, or the points themselves. */
export type Ramp = string | readonly RampPoint[]

/** A text, or a list of points; gives a copy. {@link resolveRamp} says whether they make a schedule. */
export const ramp: Check<Ramp> = (name, value) => {
  if (typeof value === 'string') return value
  if (!Array.isArray(value)) throw invalid(name, value, 'a text or a list of points')
  // Neither Array.from nor map, which let a subclass run code of its own.
  const points: RampPoint[] = []
  for (let i = 0; i < value.length; i++) points.push(pointOf(`${name}[${i}]`, value[i]))
  return points
}

function pointOf(name: string, value: unknown): RampPoint {
  if (Object.prototype.toString.call(value) !== '[object Object]')
    throw invalid(name, value, 'a point { atMs, perSecond }')
  const { atMs, perSecond } = value as Record<keyof RampPoint, unknown>
  if (typeof perSecond !== 'number' || !(perSecond >= 0))
    throw invalid(`${name}.perSecond`, perSecond, 'zero or more connections per second')
  return { atMs: checkWhole(`${name}.atMs`, atMs, 0), perSecond }
}

function invalid(name: string, value: unknown, wanted: string): C1mError {
  return new C1mError(
    'C1M_OPTION_INVALID',
    (option) => `${option(name)} is ${describeValue(value)}, and must be ${wanted}`,
    { hint: pointsHint }
  )
}

const textHint = 'Write TIME:RATE pairs, e.g. 0:10k/s,30s:200k/s.'
const pointsHint = 'Give points, e.g. [{ atMs: 0, perSecond: 10000 }, { atMs: 30000, perSecond: 200000 }].'

/**
 * The points of a ramp: the rate moves in a straight line from one to the next, and the last one holds. The first time
 * is 0, times rise, the last rate is more than zero.
 * @param ramp has passed the check {@link ramp}
 * @throws C1mError C1M_RAMP_INVALID; C1M_DURATION_INVALID and C1M_RATE_INVALID for the parts of a text
 */
export function resolveRamp(ramp: Ramp): RampPoint[] {
  return typeof ramp === 'string' ? parseRamp(ramp) : checkPoints([...ramp], formatRamp(ramp), pointsHint)
}

/** A comma, unless it separates the thousands of a rate: `0:10,000/s`. */
const betweenPoints = /,(?!\d{3}(?!\d)[^:,]*(?:,|$))/

/** Reads `TIME:RATE,TIME:RATE,...`, e.g. `0:10k/s,30s:200k/s`. */
function parseRamp(text: string): RampPoint[] {
  const points = text.split(betweenPoints).map((point) => {
    const [time = '', rate, ...rest] = point.split(':')
    if (rate === undefined || rest.length > 0)
      throw refusal(text, `has ${quote(point)} where TIME:RATE is expected`, textHint)
    return { atMs: parseDurationMs(time, named('time')), perSecond: parseRate(rate, named('rate')) }
  })
  return checkPoints(points, text, textHint)
}

/** @param shown the ramp as text, for errors */
function checkPoints(points: RampPoint[], shown: string, hint: string): RampPoint[] {
  const fail = (reason: string) => refusal(shown, reason, hint)
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
  if ((points.at(-1)?.atMs ?? 0) > mostWhole) throw fail('goes on for more than 24 days')
  if (points.at(-1)?.perSecond === 0) throw fail('ends at a rate of zero, which would never finish')
  return points
}

function named(part: 'time' | 'rate'): Wording {
  return (option) => `${option('ramp')} ${part}`
}

function refusal(shown: string, reason: string, hint: string): C1mError {
  return new C1mError('C1M_RAMP_INVALID', (option) => `${option('ramp')}: ${quote(shown)} ${reason}`, {
    hint
  })
}

function formatRamp(points: readonly RampPoint[]): string {
  return points.map(({ atMs, perSecond }) => `${formatDurationMs(atMs)}:${perSecond}/s`).join(',')
}

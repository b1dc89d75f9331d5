import { C1mError } from './errors.js'
import { formatNumber } from './units.js'

/** The largest number the engine takes for a count or for milliseconds (24 days). */
const most = 2 ** 31 - 1

/** The highest rate the engine paces, in connections per second: one each nanosecond. */
export const mostPerSecond = 1e9

function invalid(name: string, value: unknown, wanted: string): C1mError {
  const shown = Number.isFinite(value)
    ? formatNumber(value as number)
    : typeof value === 'string'
      ? `'${value}'`
      : String(value)
  return new C1mError('C1M_OPTION_INVALID', `${name} is ${shown}, and must be ${wanted}`)
}

/**
 * Passes a whole number within bounds; for values a library caller gave, of whatever type.
 * @throws C1mError C1M_OPTION_INVALID
 */
export function checkWhole(name: string, value: unknown, least: number, max = most): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= max) return value
  throw invalid(name, value, `a whole number from ${formatNumber(least)} to ${formatNumber(max)}`)
}

/**
 * Passes a rate above zero and up to {@link mostPerSecond}.
 * @throws C1mError C1M_OPTION_INVALID
 */
export function checkRate(name: string, value: unknown): number {
  if (typeof value === 'number' && value > 0 && value <= mostPerSecond) return value
  if (Number(value) > mostPerSecond) {
    throw invalid(name, value, `at most ${formatNumber(mostPerSecond)} connections per second`)
  }
  throw invalid(name, value, 'more than zero connections per second')
}

/**
 * Passes one of some words.
 * @throws C1mError C1M_OPTION_INVALID
 */
export function checkChoice<T extends string>(name: string, value: unknown, choices: readonly T[]): T {
  const chosen = choices.find((choice) => choice === value)
  if (chosen !== undefined) return chosen
  throw invalid(name, value, choices.join(' or '))
}

/**
 * Passes a list of texts.
 * @throws C1mError C1M_OPTION_INVALID
 */
export function checkTexts(name: string, value: unknown): string[] {
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value
  throw invalid(name, value, 'a list of texts')
}

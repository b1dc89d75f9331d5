/** What an option may be: one check for each kind of value a library caller can give, of whatever type it is. */
import { C1mError } from './errors.js'
import { printable, quote } from './quote.js'
import { formatNumber } from './units.js'

/** Passes the value of the option `name`, or throws C1mError C1M_OPTION_INVALID. */
export type Check<T> = (name: string, value: unknown) => T

/** The largest number the engine takes for a count or for milliseconds (24 days). */
export const mostWhole = 2 ** 31 - 1

/** The highest rate the engine paces, in connections per second: one each nanosecond. */
export const mostPerSecond = 1e9

/** A value as an error shows it. Runs no code of the value's own, such as a `toString`. */
export function describeValue(value: unknown): string {
  switch (typeof value) {
    case 'number':
      return Number.isFinite(value) ? formatNumber(value) : String(value)
    case 'string':
      return quote(value)
    case 'bigint':
      return printable(`${value}n`)
    case 'symbol':
      return 'a symbol'
    case 'function':
      return 'a function'
    case 'object':
      if (value !== null) return Array.isArray(value) ? 'a list' : 'an object'
  }
  return String(value)
}

function invalid(name: string, value: unknown, wanted: string): C1mError {
  const shown = describeValue(value)
  return new C1mError('C1M_OPTION_INVALID', (option) => `${option(name)} is ${shown}, and must be ${wanted}`)
}

/**
 * Passes a whole number within bounds.
 * @throws C1mError C1M_OPTION_INVALID
 */
export function checkWhole(name: string, value: unknown, least: number, max = mostWhole): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= max) return value
  const unit = name.endsWith('Ms') ? ' of milliseconds' : name.endsWith('Bytes') ? ' of bytes' : ''
  throw invalid(name, value, `a whole number${unit} from ${formatNumber(least)} to ${formatNumber(max)}`)
}

/** A whole number within bounds. */
export function whole(least: number, max = mostWhole): Check<number> {
  return (name, value) => checkWhole(name, value, least, max)
}

/** Milliseconds that are whole seconds, of at least 1. */
export function wholeSeconds(mostSeconds: number): Check<number> {
  const most = mostSeconds * 1000
  return (name, value) => {
    if (typeof value === 'number' && value >= 1000 && value <= most && value % 1000 === 0) return value
    throw invalid(name, value, `whole seconds: a multiple of 1,000 milliseconds, up to ${formatNumber(most)}`)
  }
}

/** A period in milliseconds, of at least 1. */
export const period: Check<number> = (name, value) => {
  if (typeof value === 'number' && value >= 1 && value <= mostWhole) return value
  throw invalid(name, value, `milliseconds from 1 to ${formatNumber(mostWhole)}`)
}

/** A rate above zero and up to {@link mostPerSecond}. */
export const rate: Check<number> = (name, value) => {
  if (typeof value === 'number' && value > 0 && value <= mostPerSecond) return value
  if (typeof value === 'number' && value > mostPerSecond) {
    throw invalid(name, value, `at most ${formatNumber(mostPerSecond)} connections per second`)
  }
  throw invalid(name, value, 'more than zero connections per second')
}

/** One of some words. */
export function choice<const T extends string>(words: readonly T[]): Check<T> {
  return (name, value) => {
    const chosen = words.find((word) => word === value)
    if (chosen !== undefined) return chosen
    throw invalid(name, value, words.join(' or '))
  }
}

/** true or false, and nothing that merely counts as one of them. */
export const flag: Check<boolean> = (name, value) => {
  if (typeof value === 'boolean') return value
  throw invalid(name, value, 'true or false')
}

/** A text. */
export const text: Check<string> = (name, value) => {
  if (typeof value === 'string') return value
  throw invalid(name, value, 'a text')
}

/** A list of texts, without holes; gives a copy. */
export const texts: Check<string[]> = (name, value) => {
  if (!Array.isArray(value)) throw invalid(name, value, 'a list of texts')
  // Not Array.from: it skips nothing either, but lets a subclass run code of its own.
  const copy: string[] = []
  for (let i = 0; i < value.length; i++) {
    const item: unknown = value[i]
    if (typeof item !== 'string') {
      const shown = describeValue(item)
      throw new C1mError(
        'C1M_OPTION_INVALID',
        (option) => `${option(name)}[${i}] is ${shown}, and must be a text`
      )
    }
    copy.push(item)
  }
  return copy
}

/** A text or bytes. */
export const textOrBytes: Check<string | Uint8Array> = (name, value) => {
  // A proxy passes for an instance, and fails at its first use; it is no view.
  if (typeof value === 'string' || (value instanceof Uint8Array && ArrayBuffer.isView(value))) return value
  throw invalid(name, value, 'a text or a Uint8Array')
}

/** An AbortSignal. */
export const abortSignal: Check<AbortSignal> = (name, value) => {
  // What only inherits from one has no `aborted` that could be read.
  if (value instanceof AbortSignal && typeof value.aborted === 'boolean') return value
  throw invalid(name, value, 'an AbortSignal')
}

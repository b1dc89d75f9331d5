import { C1mError, type ErrorCode, type Wording } from './errors.js'
import { quote } from './quote.js'

interface Quantity {
  code: ErrorCode
  /** Completes "write ... like". */
  example: string
  /** Factor to the base unit by suffix, smallest first. Read and written from this one table. */
  units: readonly (readonly [suffix: string, factor: number])[]
}

const quantities = {
  count: {
    code: 'C1M_COUNT_INVALID',
    example: 'a count like 10000, 250k or 1m',
    units: [
      ['', 1],
      ['k', 1e3],
      ['m', 1e6]
    ]
  },
  /** Base unit: microsecond. */
  duration: {
    code: 'C1M_DURATION_INVALID',
    example: 'a duration like 500ms, 10s, 2m or 1h30m',
    units: [
      ['us', 1],
      ['ms', 1e3],
      ['s', 1e6],
      ['m', 60e6],
      ['h', 3600e6]
    ]
  },
  /** Base unit: one per second. */
  rate: {
    code: 'C1M_RATE_INVALID',
    example: 'a rate per second like 500/s, 50k/s or 50k',
    units: [
      ['/s', 1],
      ['k/s', 1e3],
      ['m/s', 1e6]
    ]
  },
  bytes: {
    code: 'C1M_BYTES_INVALID',
    example: 'a size like 512B, 64KiB, 1.5MiB or 1GB',
    units: [
      ['B', 1],
      ['kB', 1e3],
      ['KiB', 2 ** 10],
      ['MB', 1e6],
      ['MiB', 2 ** 20],
      ['GB', 1e9],
      ['GiB', 2 ** 30]
    ]
  }
} as const satisfies Record<string, Quantity>

/** The kinds of quantity a text can be read as. */
export type QuantityKind = keyof typeof quantities

/** What is asked of a quantity beyond its form. */
export interface Demands {
  /** Refuse zero. Default false. */
  positive?: boolean
}

/** A text read as a quantity. */
interface Reading {
  /** In the kind's base unit. */
  value: number
  /** Whether the value is a whole number of `unit`. */
  isMultipleOf(unit: number): boolean
  /** Whether the text ended in a unit. */
  hasUnit: boolean
}

/** One number with its unit, as an exact fraction of base units: floating point alone would miss that 1.1k is 1100. */
interface Part {
  numerator: bigint
  denominator: bigint
  /** Factor of its unit; null: it has none. */
  factor: number | null
}

function refusal(kind: QuantityKind, text: string, name: Wording, reason: string): C1mError {
  const { code, example } = quantities[kind]
  return new C1mError(
    code,
    (option) => `${typeof name === 'string' ? name : name(option)}: ${quote(text)} ${reason}`,
    { hint: `Write ${example}.` }
  )
}

/** Digits, which commas may separate into thousands, and underscores anywhere; a fraction; an exponent; a unit. */
const onePart = /^(\d{1,3}(?:,\d{3})+|\d+(?:_\d+)*)(?:\.(\d+(?:_\d+)*))?(?:e([+-]?\d{1,3}))?\s*([a-z/]*)$/i

/** The numbers of `1h30m` with their units. */
const manyParts = /\d[\d.,_]*(?:e[+-]?\d+)?\s*[a-z]*/gi

/** Reads one number and a unit, or of a duration several: `1h30m`. In base units and without rounding. */
function read(kind: QuantityKind, text: string, name: Wording, { positive = false }: Demands): Reading {
  const fail = (reason: string) => refusal(kind, text, name, reason)
  // Reading more digits than any value has would take time in proportion to their square.
  if (text.length > 100) throw fail('is too long')
  const [, sign, trimmed = ''] = /^(-?)(.*)$/s.exec(text.trim()) ?? []
  const parts = split(kind, trimmed).map((part) => readPart(kind, part, fail))
  if (sign) throw fail('is negative')
  if (parts.length > 1) checkOrder(parts, fail)
  const sum = parts.reduce((a, b) => ({
    numerator: a.numerator * b.denominator + b.numerator * a.denominator,
    denominator: a.denominator * b.denominator,
    factor: b.factor
  }))
  const value = Number(sum.numerator) / Number(sum.denominator)
  if (value === 0 && positive) throw fail('must be more than zero')
  if (value > Number.MAX_SAFE_INTEGER) throw fail('is too large')
  return {
    value,
    isMultipleOf: (size) => sum.numerator % (sum.denominator * BigInt(size)) === 0n,
    hasUnit: sum.factor !== null
  }
}

function split(kind: QuantityKind, text: string): string[] {
  const parts = kind === 'duration' ? (text.match(manyParts) ?? []) : []
  const isAll = text.replace(manyParts, '').trim() === ''
  return parts.length > 1 && isAll ? parts.map((part) => part.trim()) : [text]
}

function readPart(kind: QuantityKind, text: string, fail: (reason: string) => C1mError): Part {
  const match = onePart.exec(text)
  if (!match) {
    if (/^\d[\d,._]*,[\d,._]*\s*[a-z/]*$/i.test(text))
      throw fail('has a comma that does not separate thousands')
    throw fail(`is not a ${kind === 'bytes' ? 'size' : kind}`)
  }
  const [whole = '', fraction = ''] = match.slice(1, 3).map((digits = '') => digits.replace(/[,_]/g, ''))
  const exponent = BigInt(match[3] ?? 0)
  const suffix = match[4] ?? ''
  // A rate may leave out its "/s": 50k is 50k/s.
  const wanted = kind === 'rate' && !suffix.includes('/') ? `${suffix}/s` : suffix
  const units: Quantity['units'] = quantities[kind].units
  const unit =
    suffix === '' ? units[0] : units.find(([known]) => known.toLowerCase() === wanted.toLowerCase())
  if (!unit) throw fail(`has an unknown unit, ${quote(suffix)}`)
  return {
    numerator: BigInt(whole + fraction) * BigInt(unit[1]) * (exponent > 0n ? 10n ** exponent : 1n),
    denominator: 10n ** BigInt(fraction.length) * (exponent < 0n ? 10n ** -exponent : 1n),
    factor: suffix === '' ? null : unit[1]
  }
}

/** `1h30m` is a sum; `30m1h` and `1m30` are more likely a mistake. */
function checkOrder(parts: readonly Part[], fail: (reason: string) => C1mError): void {
  parts.forEach(({ factor }, i) => {
    if (factor === null) throw fail('has a number without a unit')
    if (factor >= (parts[i - 1]?.factor ?? Number.POSITIVE_INFINITY))
      throw fail('does not have its units from the longest to the shortest, each once')
  })
}

/**
 * Reads a quantity in its base unit: counts, microseconds, per second, bytes. Fractions are allowed, a duration's
 * or size's unit may be left out.
 * @param name what the text is for, named in the error, e.g. `--connections`
 * @throws C1mError C1M_COUNT_INVALID, C1M_DURATION_INVALID, C1M_RATE_INVALID or C1M_BYTES_INVALID
 */
export function parseQuantity(kind: QuantityKind, text: string, name: Wording = kind): number {
  return read(kind, text, name, {}).value
}

/**
 * Reads a whole number: `10000`, `1,000`, `1_000`, `1e6`, `250k`, `1.5m`.
 * @throws C1mError C1M_COUNT_INVALID
 */
export function parseCount(text: string, name: Wording = 'count', demands: Demands = {}): number {
  const { value, isMultipleOf } = read('count', text, name, demands)
  if (!isMultipleOf(1)) throw refusal('count', text, name, 'is not a whole number')
  return value
}

/**
 * Reads a duration into whole milliseconds: `500ms`, `10s`, `2m`, `1h30m`. Only 0 needs no unit.
 * @throws C1mError C1M_DURATION_INVALID
 */
export function parseDurationMs(text: string, name: Wording = 'duration', demands: Demands = {}): number {
  const { value, isMultipleOf, hasUnit } = read('duration', text, name, demands)
  if (!hasUnit && value !== 0) throw refusal('duration', text, name, 'has no unit')
  if (!isMultipleOf(1000)) throw refusal('duration', text, name, 'is not a whole number of milliseconds')
  return value / 1000
}

/**
 * Reads a rate per second: `50k/s`, `50k`, `0.5/s`.
 * @throws C1mError C1M_RATE_INVALID
 */
export function parseRate(text: string, name: Wording = 'rate', demands: Demands = {}): number {
  return read('rate', text, name, demands).value
}

/**
 * Reads a size into whole bytes: `64KiB`, `1GB`, `512`.
 * @throws C1mError C1M_BYTES_INVALID
 */
export function parseBytes(text: string, name: Wording = 'size', demands: Demands = {}): number {
  const { value, isMultipleOf } = read('bytes', text, name, demands)
  if (!isMultipleOf(1)) throw refusal('bytes', text, name, 'is not a whole number of bytes')
  return value
}

/**
 * Writes milliseconds exactly, in the largest unit that divides them: 90000 is `90s`, 1500 is `1500ms`. Reading the text
 * back gives the same value.
 */
export function formatDurationMs(ms: number): string {
  if (ms === 0) return '0s'
  const us = ms * 1000
  const { units } = quantities.duration
  const [suffix, factor] = units.findLast(([, size]) => us >= size && us % size === 0) ?? units[0]
  return `${us / factor}${suffix}`
}

/** Writes all digits, grouped: `1,234,567`. */
export function formatNumber(value: number): string {
  const [whole = '', fraction] = String(value).split('.')
  // Intl.NumberFormat does the same, after twenty milliseconds of loading its tables.
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ',')
  return fraction === undefined ? grouped : `${grouped}.${fraction}`
}

/** Units a person reads sizes in; the decimal ones are for reading only. */
const spoken = (kind: QuantityKind): Quantity['units'] =>
  kind === 'bytes'
    ? quantities.bytes.units.filter(([suffix]) => !/^.B$/.test(suffix))
    : quantities[kind].units

/** Three significant digits in the unit a person would choose: 1234567 us is `1.23s`. */
function rounded(kind: QuantityKind, value: number): string {
  const units = spoken(kind)
  // What rounds up to the next unit is written in it: 999.9 us is 1ms, not 1000us.
  const near = Number(value.toPrecision(3))
  const [suffix, factor] = units.findLast(([, size]) => near >= size) ?? units[0] ?? ['', 1]
  const scaled = value / factor
  return `${formatNumber(scaled >= 1000 ? Math.round(scaled) : Number(scaled.toPrecision(3)))}${suffix}`
}

/** Writes a count for a person, rounded to three digits: 123456 is `123k`. */
export function approximateCount(value: number): string {
  return rounded('count', value)
}

/** Writes a rate for a person, rounded to three digits: 238123.4 is `238k/s`. */
export function approximateRate(perSecond: number): string {
  return rounded('rate', perSecond)
}

/**
 * Writes microseconds for a person, rounded to three digits: 1234567 is `1.23s`. From a minute on as
 * {@link approximateSeconds}: a fraction of a minute is no unit anybody counts in, and `1.35m` reads like a count.
 */
export function approximateDurationUs(us: number): string {
  // What rounds up to a minute is written in minutes.
  return Number(us.toPrecision(3)) < 60e6 ? rounded('duration', us) : approximateSeconds(us / 1e6)
}

/** Writes seconds for a person, without a fraction: `12s`, `1m 21s`, and from an hour on `1h 21m`. */
export function approximateSeconds(seconds: number): string {
  const whole = Math.round(seconds)
  if (whole < 60) return `${whole}s`
  return whole < 3600 ? twoUnits(whole, 's', 'm') : twoUnits(Math.round(whole / 60), 'm', 'h')
}

function twoUnits(value: number, small: string, large: string): string {
  const rest = value % 60
  return `${Math.floor(value / 60)}${large}${rest === 0 ? '' : ` ${rest}${small}`}`
}

/** Writes a size for a person, rounded to three digits: 3942 is `3.85KiB`. */
export function approximateBytes(bytes: number): string {
  return rounded('bytes', bytes)
}

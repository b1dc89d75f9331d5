import { describe, expect, it } from 'vitest'
import type { C1mError } from '../../../lib/base/errors.js'
import {
  approximateBytes,
  approximateCount,
  approximateDurationUs,
  approximateRate,
  approximateSeconds,
  formatDurationMs,
  formatNumber,
  parseBytes,
  parseCount,
  parseDurationMs,
  parseQuantity,
  parseRate
} from '../../../lib/base/units.js'
import { caught } from '../../helpers/caught.js'

describe('parseCount', () => {
  it.each([
    ['1', 1],
    ['10000', 10_000],
    ['250k', 250_000],
    ['250K', 250_000],
    ['1m', 1_000_000],
    ['1.5k', 1500],
    ['1.1k', 1100],
    ['0.29m', 290_000],
    [' 5 ', 5],
    ['1,000', 1000],
    ['1,000,000', 1_000_000],
    ['1,500.5k', 1_500_500],
    ['1_000_000', 1_000_000],
    ['1e6', 1_000_000],
    ['2.5E5', 250_000],
    ['1e+3', 1000],
    ['1000e-3', 1],
    ['1e3k', 1_000_000]
  ])('reads %j as %d', (text, value) => {
    expect(parseCount(text)).toBe(value)
  })

  it.each([
    ['', "count: '' is not a count"],
    ['NaN', "count: 'NaN' is not a count"],
    ['Infinity', "count: 'Infinity' is not a count"],
    ['1e', "count: '1e' has an unknown unit, 'e'"],
    ['1e-3', "count: '1e-3' is not a whole number"],
    ['1e99', "count: '1e99' is too large"],
    ['1e9999', "count: '1e9999' is not a count"],
    ['1,00', "count: '1,00' has a comma that does not separate thousands"],
    ['1,5k', "count: '1,5k' has a comma that does not separate thousands"],
    ['1000,000', "count: '1000,000' has a comma that does not separate thousands"],
    ['1__000', "count: '1__000' is not a count"],
    ['_1', "count: '_1' is not a count"],
    ['1_', "count: '1_' is not a count"],
    ['1k500', "count: '1k500' is not a count"],
    ['.5k', "count: '.5k' is not a count"],
    ['k', "count: 'k' is not a count"],
    ['10x', "count: '10x' has an unknown unit, 'x'"],
    ['-5', "count: '-5' is negative"],
    ['1.5', "count: '1.5' is not a whole number"],
    ['1.0005k', "count: '1.0005k' is not a whole number"],
    ['99999999999999999999', "count: '99999999999999999999' is too large"]
  ])('refuses %j', (text, message) => {
    expect(caught(() => parseCount(text))).toMatchObject({ code: 'C1M_COUNT_INVALID', message, exitCode: 2 })
  })

  it('names the option and shows how to write its value', () => {
    const error = caught(() => parseCount('many', '--connections')) as C1mError
    expect(error.message).toBe("--connections: 'many' is not a count")
    expect(error.hint).toBe('Write a count like 10000, 250k or 1m.')
  })

  it('refuses zero when it is told to', () => {
    expect(parseCount('0')).toBe(0)
    const error = caught(() => parseCount('0', '--connections', { positive: true })) as C1mError
    expect(error.message).toBe("--connections: '0' must be more than zero")
  })
})

describe('parseDurationMs', () => {
  it.each([
    ['500ms', 500],
    ['10s', 10_000],
    ['2m', 120_000],
    ['1h', 3_600_000],
    ['0.5s', 500],
    ['1.5h', 5_400_000],
    ['2000us', 2],
    ['1h30m', 5_400_000],
    ['1m30s', 90_000],
    ['1h 30m 15s', 5_415_000],
    ['1m1.5s', 61_500],
    ['1s500ms', 1500],
    ['1.0005s500us', 1001],
    ['1e3ms', 1000],
    ['1,000s', 1_000_000]
  ])('reads %j as %d ms', (text, ms) => {
    expect(parseDurationMs(text)).toBe(ms)
  })

  it.each([
    ['10', "duration: '10' has no unit"],
    ['0.5ms', "duration: '0.5ms' is not a whole number of milliseconds"],
    ['1d', "duration: '1d' has an unknown unit, 'd'"],
    ['-1s', "duration: '-1s' is negative"],
    ['-1h30m', "duration: '-1h30m' is negative"],
    ['1h30', "duration: '1h30' has a number without a unit"],
    ['30m1h', "duration: '30m1h' does not have its units from the longest to the shortest, each once"],
    ['1m1m', "duration: '1m1m' does not have its units from the longest to the shortest, each once"],
    ['1h30x', "duration: '1h30x' has an unknown unit, 'x'"],
    ['1h-30m', "duration: '1h-30m' is not a duration"],
    ['1s500us', "duration: '1s500us' is not a whole number of milliseconds"]
  ])('refuses %j', (text, message) => {
    expect(caught(() => parseDurationMs(text))).toMatchObject({ code: 'C1M_DURATION_INVALID', message })
  })

  it('accepts zero without a unit', () => {
    expect(parseDurationMs('0')).toBe(0)
  })
})

describe('parseRate', () => {
  it.each([
    ['50k/s', 50_000],
    ['50k', 50_000],
    ['500', 500],
    ['0.5/s', 0.5],
    ['1m/s', 1_000_000],
    ['50,000/s', 50_000],
    ['5e4', 50_000],
    ['1e-1/s', 0.1]
  ])('reads %j as %d per second', (text, perSecond) => {
    expect(parseRate(text)).toBe(perSecond)
  })

  it.each([
    ['50k/m', "rate: '50k/m' has an unknown unit, 'k/m'"],
    ['fast', "rate: 'fast' is not a rate"]
  ])('refuses %j', (text, message) => {
    expect(caught(() => parseRate(text))).toMatchObject({ code: 'C1M_RATE_INVALID', message })
  })
})

describe('parseBytes', () => {
  it.each([
    ['512', 512],
    ['512B', 512],
    ['64KiB', 65_536],
    ['64kb', 64_000],
    ['1.5MiB', 1_572_864],
    ['1GB', 1_000_000_000],
    ['2gib', 2_147_483_648],
    ['1_024KiB', 1_048_576]
  ])('reads %j as %d bytes', (text, bytes) => {
    expect(parseBytes(text)).toBe(bytes)
  })

  it.each(['0.5B', '1k', 'big'])('refuses %j', (text) => {
    expect(caught(() => parseBytes(text))).toMatchObject({ code: 'C1M_BYTES_INVALID' })
  })
})

it('parseQuantity reads any quantity in its base unit, with fractions', () => {
  expect(parseQuantity('duration', '50ms')).toBe(50_000)
  expect(parseQuantity('duration', '0.5us')).toBe(0.5)
  expect(parseQuantity('count', '0.5')).toBe(0.5)
})

describe('formatDurationMs', () => {
  it.each([0, 1, 999, 1000, 1500, 60_000, 90_000, 3_600_000, 86_400_000])(
    'writes %d ms in a form that parses to the same value',
    (ms) => {
      expect(parseDurationMs(formatDurationMs(ms))).toBe(ms)
    }
  )

  it.each([
    [90_000, '90s'],
    [120_000, '2m'],
    [1500, '1500ms']
  ])('writes %d ms in the largest unit that divides it: %s', (ms, text) => {
    expect(formatDurationMs(ms)).toBe(text)
  })
})

describe('quantities for people', () => {
  it('show all digits in groups', () => {
    expect(formatNumber(1_234_567)).toBe('1,234,567')
  })

  it.each([
    [0, '0us'],
    [0.25, '0.25us'],
    [11.4, '11.4us'],
    [999.4, '999us'],
    [999.9, '1ms'],
    [1234, '1.23ms'],
    [1_234_567, '1.23s'],
    [59_990_000, '1m'],
    [59_940_000, '59.9s'],
    [90_000_000, '1m 30s'],
    [81_000_000, '1m 21s'],
    [3_599_700_000, '1h'],
    [4_882_000_000, '1h 21m'],
    [90_000_000_000, '25h']
  ])('%d us', (us, text) => {
    expect(approximateDurationUs(us)).toBe(text)
  })

  it.each([
    [0.4, '0s'],
    [12.4, '12s'],
    [59.6, '1m'],
    [81, '1m 21s'],
    [3599, '59m 59s'],
    [3601, '1h'],
    [4882, '1h 21m']
  ])('%d s, without a fraction', (seconds, text) => {
    expect(approximateSeconds(seconds)).toBe(text)
  })

  it('rounds counts, rates and sizes to three digits', () => {
    expect([approximateCount(123_456), approximateCount(42), approximateCount(2.71)]).toEqual([
      '123k',
      '42',
      '2.71'
    ])
    expect([approximateRate(238_123.4), approximateRate(0.5)]).toEqual(['238k/s', '0.5/s'])
    expect([approximateBytes(16), approximateBytes(3942), approximateBytes(2 ** 40)]).toEqual([
      '16B',
      '3.85KiB',
      '1,024GiB'
    ])
  })
})

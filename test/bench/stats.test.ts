import { describe, expect, it } from 'vitest'
import { bootstrapMedian, compare, figure, median, quantile } from '../../bench/stats.js'

describe('quantile', () => {
  it('interpolates between neighbors, in any order of the values', () => {
    expect(quantile([4, 1, 3, 2], 0.5)).toBe(2.5)
    expect(quantile([4, 1, 3, 2], 0)).toBe(1)
    expect(quantile([4, 1, 3, 2], 1)).toBe(4)
    expect(median([7])).toBe(7)
  })

  it('is NaN for an empty list', () => {
    expect(median([])).toBeNaN()
  })
})

describe('bootstrapMedian', () => {
  const values = [0.9, 0.95, 1, 1.02, 1.05, 1.1, 1.4]

  it('is an interval around the median, within the values', () => {
    const [low, high] = bootstrapMedian(values)
    expect(low).toBeLessThan(1.02)
    expect(high).toBeGreaterThan(1.02)
    expect(low).toBeGreaterThanOrEqual(0.9)
    expect(high).toBeLessThanOrEqual(1.4)
  })

  it('gives the same interval for the same values', () => {
    expect(bootstrapMedian(values)).toEqual(bootstrapMedian(values))
  })

  it('has zero width when all values are equal', () => {
    expect(bootstrapMedian([2, 2, 2])).toEqual([2, 2])
  })

  it('covers the true median as often as its level says', () => {
    let state = 1
    const random = () => {
      state = (state * 48_271) % 2_147_483_647
      return state / 2_147_483_647
    }
    const lots = Array.from({ length: 40 }, () => Array.from({ length: 15 }, random))
    const covered = lots.filter((lot) => {
      const [low, high] = bootstrapMedian(lot)
      return low <= 0.5 && high >= 0.5
    })
    expect(covered.length).toBeGreaterThanOrEqual(35)
  })
})

describe('compare', () => {
  it('takes the median of the ratios of pairs, not the ratio of the medians', () => {
    const { ratios, median } = compare('a / b', [10, 40, 90], [10, 20, 30])
    expect(ratios).toEqual([1, 2, 3])
    expect(median).toBe(2)
  })

  it.each([
    { value: 0.95, verdict: 'met' },
    { value: 1.2, verdict: 'missed' },
    { value: 1.02, verdict: 'unclear' }
  ])('judges "at least $value" by the interval: $verdict', ({ value, verdict }) => {
    const a = [1, 1.01, 1.02, 1.03, 1.04]
    expect(compare('a / b', a, [1, 1, 1, 1, 1], { bound: 'at least', value }).goal).toEqual({
      bound: 'at least',
      value,
      verdict
    })
  })
})

describe('figure', () => {
  it('judges the median against the target', () => {
    const goal = { bound: 'at most', value: 10 } as const
    expect(figure('p99', 'ms', [1, 9, 99], goal).goal?.verdict).toBe('met')
    expect(figure('p99', 'ms', [1, 11, 12], goal).goal?.verdict).toBe('missed')
  })

  it('keeps the values in the order of measurement, rounded to four digits', () => {
    expect(figure('rate', '/s', [123_456, 1.23456]).values).toEqual([123_500, 1.235])
  })
})

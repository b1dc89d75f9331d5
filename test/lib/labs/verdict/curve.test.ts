import { describe, expect, it } from 'vitest'
import { collapse, curveOf, perWholeSecond } from '../../../../lib/labs/verdict/curve.js'
import type { SeriesPoint } from '../../../../lib/result/result.js'

const point = (tSeconds: number, connectsPerSecond: number) =>
  ({ tSeconds, connectsPerSecond }) as unknown as SeriesPoint

describe('a curve', () => {
  it('spreads the connections between two points over the intervals they touch', () => {
    const { everySeconds, perSecond } = curveOf([[point(0.5, 100), point(0.625, 40)]])
    expect(everySeconds).toBe(0.25)
    expect(perSecond).toEqual([100, 100, 20])
  })

  it('adds runs that ran at the same time', () => {
    expect(curveOf([[point(0.25, 10)], [point(0.5, 5)]]).perSecond).toEqual([15, 5])
  })

  it('without points is empty', () => {
    expect(curveOf([[], []]).perSecond).toEqual([])
  })

  it('by the second leaves out the last second when it is incomplete', () => {
    const curve = { everySeconds: 0.25, perSecond: [4, 8, 4, 8, 100, 100] }
    expect(perWholeSecond(curve)).toEqual([6])
  })
})

describe('a collapse', () => {
  const seconds = (...rates: number[]) => ({ everySeconds: 1, perSecond: rates })

  it.each([
    ['to a hundredth is a factor of 100', seconds(5000, 20_000, 900, 200), 100],
    ['to nothing counts as one connection', seconds(20_000, 0), 20_000],
    ['counts only after the best second', seconds(1, 20_000, 10_000), 2],
    ['is a factor of 1 when the rate does not fall', seconds(1, 20_000), 1],
    ['is a factor of 1 without a curve', seconds(), 1]
  ])('%s', (_, curve, times) => {
    expect(collapse(curve, 20_000)).toBe(times)
  })
})

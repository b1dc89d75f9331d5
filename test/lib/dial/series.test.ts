import { describe, expect, it } from 'vitest'
import { Series } from '../../../lib/dial/series.js'
import type { SeriesPoint } from '../../../lib/result/result.js'

const nothing = () => ({ connect: [], exchange: null })
const none = { connectP50Us: null, connectP99Us: null, exchangeP50Us: null, exchangeP99Us: null }

/** The number of connections in the points: each rate applies since the previous point. */
function area(points: readonly SeriesPoint[]): number {
  return points.reduce(
    (sum, { tSeconds, connectsPerSecond }, i) =>
      sum + connectsPerSecond * (tSeconds - (points[i - 1]?.tSeconds ?? 0)),
    0
  )
}

describe('Series', () => {
  it('is empty at first', () => {
    expect(new Series(nothing).points()).toEqual([])
  })

  it('gives the rate since the previous point', () => {
    const series = new Series(nothing)
    series.add(0.05, 100, 100, 0)
    series.add(0.1, 400, 400, 1)
    series.add(0.2, 390, 500, 1)
    expect(series.points()).toEqual([
      { tSeconds: 0.05, established: 100, connectsPerSecond: 2000, failed: 0, ...none },
      { tSeconds: 0.1, established: 400, connectsPerSecond: 6000, failed: 1, ...none },
      { tSeconds: 0.2, established: 390, connectsPerSecond: 1000, failed: 1, ...none }
    ])
  })

  it('takes no second point at the same time, which would have no rate', () => {
    const series = new Series(nothing)
    series.add(0.05, 100, 100, 0)
    series.add(0.05, 101, 101, 0)
    expect(series.points()).toHaveLength(1)
  })

  it('stays short in any run, covers it evenly, and counts every connection', () => {
    const series = new Series(nothing)
    const perTick = (tick: number) => (tick < 3000 ? 50 : 0)
    let total = 0
    for (let tick = 1; tick <= 20_000; tick++) {
      total += perTick(tick)
      series.add(tick * 0.05, total, total, 0)
    }
    const points = series.points()
    expect(points.length).toBeLessThanOrEqual(512)
    expect(points.length).toBeGreaterThanOrEqual(256)
    const steps = points.slice(1).map(({ tSeconds }, i) => tSeconds - (points[i]?.tSeconds ?? 0))
    for (const step of steps) expect(step).toBeCloseTo(steps[0] ?? 0, 6)
    expect(points.at(-1)?.tSeconds).toBeGreaterThan(1000 - 2 * (steps[0] ?? 0))
    expect(area(points) / total).toBeCloseTo(1, 2)
  })

  it('counts every connection when it is updated unevenly', () => {
    const series = new Series(nothing)
    let seconds = 0
    let total = 0
    for (let tick = 0; tick < 1500; tick++) {
      const step = tick % 7 === 0 ? 0.3 : 0.01
      seconds += step
      total += Math.round(step * 1000)
      series.add(seconds, total, total, 0)
    }
    expect(area(series.points()) / total).toBeCloseTo(1, 2)
  })

  it('has the latencies of each interval, also of two that were merged', () => {
    let bucket = 0
    const series = new Series(() => ({ connect: [[bucket, 10]], exchange: [[100, 1]] }))
    for (let tick = 1; tick <= 2 * 512; tick++) {
      // Buckets below 128 hold one value in nanoseconds each.
      bucket = tick % 2 === 1 ? 50 : 100
      series.add(tick, tick, tick, 0)
    }
    const [first] = series.points()
    expect(first).toMatchObject({ connectP50Us: 0.1, connectP99Us: 0.1, exchangeP50Us: 0.1 })
    expect(series.points().length).toBeLessThan(512)
  })
})

/** Rates over time. Pure. */
import type { SeriesPoint } from '../../result/result.js'
import type { Curve } from './lab.js'

/** Interval of a lab's curves, in seconds: series have four to twenty points in it. */
const everySeconds = 0.25

/** Sums the connect rates of runs that went on together. */
export function curveOf(runs: readonly (readonly SeriesPoint[])[]): Curve {
  const counts: number[] = []
  for (const series of runs) {
    let from = 0
    for (const { tSeconds, connectsPerSecond } of series) {
      spread(counts, from, tSeconds, connectsPerSecond)
      from = tSeconds
    }
  }
  return { everySeconds, perSecond: Array.from(counts, (count = 0) => Math.round(count / everySeconds)) }
}

/** Adds what came at `perSecond` between two moments to the intervals they touch. */
function spread(counts: number[], from: number, to: number, perSecond: number): void {
  for (let at = from; at < to; ) {
    const index = Math.floor(at / everySeconds + 1e-9)
    const until = Math.min(to, (index + 1) * everySeconds)
    counts[index] = (counts[index] ?? 0) + perSecond * (until - at)
    at = until
  }
}

/** Mean rates of the whole seconds of a curve. */
export function perWholeSecond({ everySeconds, perSecond }: Curve): number[] {
  const size = Math.round(1 / everySeconds)
  const seconds = Math.floor(perSecond.length / size)
  return Array.from({ length: seconds }, (_, second) => {
    const part = perSecond.slice(second * size, (second + 1) * size)
    return part.reduce((sum, rate) => sum + rate, 0) / size
  })
}

/**
 * How many times `rate` is higher than the worst second of the curve after its best; 1 when it never fell. A second
 * without any connection counts as one with one, so that the factor stays a number.
 */
export function collapse(curve: Curve, rate: number): number {
  const seconds = perWholeSecond(curve)
  const after = seconds.slice(seconds.indexOf(Math.max(...seconds)) + 1)
  return after.length === 0 ? 1 : Math.max(1, rate / Math.max(1, Math.min(...after)))
}

/** Rates over time. Pure. */
import type { SeriesPoint } from '../../result/result.js'
import type { Curve } from './lab_result.js'

/** Interval of a lab's curves, in seconds. A run's series has four to twenty points in it. */
const everySeconds = 0.25

/** Sums the connect rates of runs that ran at the same time. */
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

/** Adds the connections between two moments, at `perSecond`, to the intervals they touch. */
function spread(counts: number[], from: number, to: number, perSecond: number): void {
  for (let at = from; at < to; ) {
    const index = Math.floor(at / everySeconds + 1e-9)
    const until = Math.min(to, (index + 1) * everySeconds)
    counts[index] = (counts[index] ?? 0) + perSecond * (until - at)
    at = until
  }
}

/** Mean rate of each whole second of a curve. */
export function perWholeSecond({ everySeconds, perSecond }: Curve): number[] {
  const size = Math.round(1 / everySeconds)
  const seconds = Math.floor(perSecond.length / size)
  return Array.from({ length: seconds }, (_, second) => {
    const part = perSecond.slice(second * size, (second + 1) * size)
    return part.reduce((sum, rate) => sum + rate, 0) / size
  })
}

/**
 * The factor between `rate` and the worst second of the curve after its best second; 1 when the rate never fell. A second
 * without a connection counts as one connection, so that the factor stays finite.
 */
export function collapse(curve: Curve, rate: number): number {
  const seconds = perWholeSecond(curve)
  const after = seconds.slice(seconds.indexOf(Math.max(...seconds)) + 1)
  return after.length === 0 ? 1 : Math.max(1, rate / Math.max(1, Math.min(...after)))
}

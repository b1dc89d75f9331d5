/** The run over time: evenly spaced points, never more than a few hundred however long it lasts. */
import type { SeriesPoint } from '../result/result.js'

/** When there are more, every second one is dropped and the spacing doubles. */
const maxPoints = 512

/** Gathers the points of one run. Feed it at a steady pace. */
export class Series {
  #points: SeriesPoint[] = []
  #keepEvery = 1
  #seen = 0
  #lastSeconds = 0
  #lastTotal = 0

  /** @param total connections established so far, closed ones included */
  add(tSeconds: number, open: number, total: number, failed: number): void {
    if (++this.#seen % this.#keepEvery !== 0 || tSeconds <= this.#lastSeconds) return
    const connectsPerSecond = (total - this.#lastTotal) / (tSeconds - this.#lastSeconds)
    this.#points.push({
      tSeconds: round(tSeconds, 3),
      established: open,
      connectsPerSecond: round(connectsPerSecond, 0),
      failed
    })
    this.#lastSeconds = tSeconds
    this.#lastTotal = total
    if (this.#points.length === maxPoints) this.#halve()
  }

  points(): readonly SeriesPoint[] {
    return this.#points
  }

  /** Two neighbours become one whose rate is that of both together: they cover equal times. */
  #halve(): void {
    this.#points = this.#points
      .map((point, i) => ({
        ...point,
        connectsPerSecond: round(
          (point.connectsPerSecond + (this.#points[i - 1]?.connectsPerSecond ?? 0)) / 2,
          0
        )
      }))
      .filter((_, i) => i % 2 === 1)
    this.#keepEvery *= 2
  }
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits))
}

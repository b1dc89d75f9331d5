/** The run over time: evenly spaced points, never more than a few hundred however long it lasts. */
import type { SeriesPoint } from '../result/result.js'
import { type Interval, intervalLatencies, joinIntervals } from './interval_latency.js'

/** When there are more, every second one is dropped and the spacing doubles. */
const maxPoints = 512

/** A point whose latencies can still be joined with those of its neighbour. */
interface Sample {
  point: Omit<SeriesPoint, keyof ReturnType<typeof intervalLatencies>>
  interval: Interval
}

/** Gathers the points of one run. Feed it at a steady pace. */
export class Series {
  readonly #takeInterval: () => Interval
  #samples: Sample[] = []
  #keepEvery = 1
  #seen = 0
  #lastSeconds = 0
  #lastTotal = 0

  /** @param takeInterval tells what has ended since it was called last */
  constructor(takeInterval: () => Interval) {
    this.#takeInterval = takeInterval
  }

  /** @param total connections established so far, closed ones included */
  add(tSeconds: number, open: number, total: number, failed: number): void {
    if (++this.#seen % this.#keepEvery !== 0 || tSeconds <= this.#lastSeconds) return
    const connectsPerSecond = (total - this.#lastTotal) / (tSeconds - this.#lastSeconds)
    this.#samples.push({
      point: {
        tSeconds: round(tSeconds, 3),
        established: open,
        connectsPerSecond: round(connectsPerSecond, 0),
        failed
      },
      interval: this.#takeInterval()
    })
    this.#lastSeconds = tSeconds
    this.#lastTotal = total
    if (this.#samples.length === maxPoints) this.#halve()
  }

  points(): SeriesPoint[] {
    return this.#samples.map(({ point, interval }) => ({ ...point, ...intervalLatencies(interval) }))
  }

  /** Two neighbours become one whose rate is that of both together: they cover equal times. */
  #halve(): void {
    this.#samples = this.#samples.flatMap(({ point, interval }, i) => {
      const before = this.#samples[i - 1]
      if (i % 2 === 0 || !before) return []
      const connectsPerSecond = round((point.connectsPerSecond + before.point.connectsPerSecond) / 2, 0)
      return [{ point: { ...point, connectsPerSecond }, interval: joinIntervals(before.interval, interval) }]
    })
    this.#keepEvery *= 2
  }
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits))
}

/** The run over time: evenly spaced points, at most a few hundred however long it lasts. */
import type { SeriesPoint } from '../result/result.js'
import { type Interval, intervalLatencies, joinIntervals } from './interval_latency.js'

/** Beyond this number every second point is dropped and the spacing doubles. */
const maxPoints = 512

/** A point whose latencies can still be merged with those of the next one. */
interface Sample {
  point: Omit<SeriesPoint, keyof ReturnType<typeof intervalLatencies>>
  interval: Interval
}

/** Collects the points of one run. Add to it at a steady pace. */
export class Series {
  readonly #takeInterval: () => Interval
  #samples: Sample[] = []
  #keepEvery = 1
  #seen = 0
  #lastSeconds = 0
  #lastTotal = 0

  /** @param takeInterval returns the latencies since its last call */
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

  /** Merges pairs of points. They cover equal times, so the rate is the mean of both. */
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

/** The counters of a watch that still move: what came to rest long ago hides what happens now. */
import type { WatchSnapshot } from '../watch/watch_result.js'

/** A counter leaves once it has not moved for so long. */
const restSeconds = 30

/** With a long period that is a look or none: it stays for as many at least. */
const leastLooks = 3

export class MovingCounters {
  readonly #seen = new Map<string, { delta: number; seconds: number; looks: number }>()

  /** Sees one snapshot after the other; gives its counters without those at rest. */
  of({ tSeconds, counters }: Pick<WatchSnapshot, 'tSeconds' | 'counters'>): WatchSnapshot['counters'] {
    return Object.fromEntries(
      Object.entries(counters).filter(([name, { delta }]) => {
        const before = this.#seen.get(name)
        const seen = before?.delta === delta ? before : { delta, seconds: tSeconds, looks: 0 }
        this.#seen.set(name, { ...seen, looks: seen.looks + 1 })
        return tSeconds - seen.seconds < restSeconds || seen.looks < leastLooks
      })
    )
  }
}

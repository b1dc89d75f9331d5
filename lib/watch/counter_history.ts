/** The kernel's counters over a watch: what has moved since it began, of late, and how fast. */
import type { Counters } from '../host/counter_files.js'
import { type CounterChanges, counterDeltas } from '../host/counters.js'
import { readCounters } from '../observe/counters.js'

/** Readings of the last half minute tell what happens now from what has happened since the watch began. */
const recentSeconds = 30

/** They are kept this far apart, or a watch with a short period would keep thousands. */
const spacingSeconds = 5

interface Reading {
  tSeconds: number
  counters: Counters
}

export class CounterHistory {
  readonly #first: Counters
  #last: Reading
  /** Of the last half minute, the oldest first; never empty. */
  #recent: Reading[]
  /** What has moved since the first reading. */
  changes: CounterChanges = {}
  /** What has moved in the last half minute. */
  recent: CounterChanges = {}
  /** The same as {@link changes}: by how much, and a second since the reading before. */
  rates: Record<string, { delta: number; perSecond: number }> = {}

  constructor() {
    this.#first = readCounters()
    this.#last = { tSeconds: 0, counters: this.#first }
    this.#recent = [this.#last]
  }

  /** Reads them anew. */
  read(tSeconds: number): Counters {
    const counters = readCounters()
    const seconds = tSeconds - this.#last.tSeconds
    const moves = counterDeltas(this.#last.counters, counters)
    this.changes = counterDeltas(this.#first, counters)
    this.recent = counterDeltas(this.#recent[0]?.counters ?? this.#first, counters)
    this.rates = Object.fromEntries(
      Object.entries(this.changes).map(([name, { delta }]) => [
        name,
        { delta, perSecond: seconds > 0 ? Number(((moves[name]?.delta ?? 0) / seconds).toFixed(1)) : 0 }
      ])
    )
    this.#last = { tSeconds, counters }
    this.#keep(this.#last)
    return counters
  }

  #keep(reading: Reading): void {
    const oldest = reading.tSeconds - recentSeconds
    const kept = this.#recent.filter(({ tSeconds }) => tSeconds >= oldest)
    const latest = kept.at(-1)
    this.#recent = latest && reading.tSeconds - latest.tSeconds < spacingSeconds ? kept : [...kept, reading]
  }
}

/** The kernel's counters over a watch: their changes since it began and recently, and their rates. */
import type { Counters } from '../host/counter_files.js'
import { type CounterChanges, counterDeltas } from '../host/counters.js'
import { readCounters } from '../observe/counters.js'

/** Changes of the last half minute show what is happening now, as opposed to since the watch began. */
const recentSeconds = 30

/** Interval between the readings to keep; a watch with a short period would otherwise keep thousands. */
const spacingSeconds = 5

interface Reading {
  tSeconds: number
  counters: Counters
}

export class CounterHistory {
  readonly #first: Counters
  #last: Reading
  /** Readings of the last half minute, oldest first; never empty. */
  #recent: Reading[]
  /** Changes since the first reading. */
  changes: CounterChanges = {}
  /** Changes in the last half minute. */
  recent: CounterChanges = {}
  /** For each counter in {@link changes}: the change, and its rate per second since the previous reading. */
  rates: Record<string, { delta: number; perSecond: number }> = {}

  constructor() {
    this.#first = readCounters()
    this.#last = { tSeconds: 0, counters: this.#first }
    this.#recent = [this.#last]
  }

  /** Reads the counters again and updates the changes and rates. */
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

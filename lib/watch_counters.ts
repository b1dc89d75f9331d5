import { type CounterChanges, type Counters, counterDeltas, readCounters } from './host/counters.js'

/** Readings of the last half minute tell what happens now from what has happened since the watch began. */
const recentSeconds = 30

interface Reading {
  tSeconds: number
  counters: Counters
}

/** The kernel's counters over a watch. */
export class CounterHistory {
  readonly #first: Counters
  /** Of the last half minute, the oldest first; never empty. */
  #readings: Reading[]
  /** What has moved since the first reading. */
  changes: CounterChanges = {}
  /** What has moved in the last half minute. */
  recent: CounterChanges = {}
  /** The same as {@link changes}: by how much, and a second since the reading before. */
  rates: Record<string, { delta: number; perSecond: number }> = {}

  constructor() {
    this.#first = readCounters()
    this.#readings = [{ tSeconds: 0, counters: this.#first }]
  }

  /** Reads them anew. */
  read(tSeconds: number): Counters {
    const counters = readCounters()
    const before = this.#readings.at(-1) as Reading
    const seconds = tSeconds - before.tSeconds
    const moves = counterDeltas(before.counters, counters)
    this.changes = counterDeltas(this.#first, counters)
    this.recent = counterDeltas(this.#readings[0]?.counters ?? this.#first, counters)
    this.rates = Object.fromEntries(
      Object.entries(this.changes).map(([name, { delta }]) => [
        name,
        { delta, perSecond: seconds > 0 ? Number(((moves[name]?.delta ?? 0) / seconds).toFixed(1)) : 0 }
      ])
    )
    const oldest = tSeconds - recentSeconds
    this.#readings = [
      ...this.#readings.filter((reading) => reading.tSeconds >= oldest),
      { tSeconds, counters }
    ]
    return counters
  }
}

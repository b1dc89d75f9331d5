/** The kernel's counters at the turns of a dial, so that no phase answers for what another one moved. */
import type { Counters } from '../host/counter_files.js'
import { type CounterChanges, counterDeltas } from '../host/counters.js'
import { noteCounters, readCounters } from '../observe/counters.js'

/** What moved in which phase. */
export interface PhaseChanges {
  /** The latest reading before the run began to close its connections. */
  counters: Counters
  /** Until then: ramp and hold. */
  deltas: CounterChanges
  /** Until the last handshake ended; the same as `deltas` while the run dials. */
  ramp: CounterChanges
  /** While the run closed its connections; empty before. */
  closing: CounterChanges
  /** From the beginning until now. */
  all: CounterChanges
}

export class CounterPhases {
  readonly #before: () => Counters
  #ramped: (() => Counters) | null = null
  #open: (() => Counters) | null = null
  #untilClose: CounterChanges | null = null

  /** @param before the counters before the first connection */
  constructor(before: () => Counters) {
    this.#before = before
  }

  /** Notes that the last handshake has ended. */
  noteRampEnd(): void {
    this.#ramped = noteCounters()
  }

  /** Notes that the connections are about to be closed. */
  noteHoldEnd(): void {
    this.#open = noteCounters()
    this.#untilClose = null
  }

  /** What moved until the run began to close its connections; reads the counters anew only before that. */
  soFar(): CounterChanges {
    if (!this.#open) return counterDeltas(this.#before(), readCounters())
    this.#untilClose ??= counterDeltas(this.#before(), this.#open())
    return this.#untilClose
  }

  /** What moved in each phase; reads the counters anew. */
  changes(): PhaseChanges {
    const before = this.#before()
    const now = readCounters()
    const open = this.#open?.() ?? now
    const deltas = this.#open ? this.soFar() : counterDeltas(before, now)
    return {
      counters: open,
      deltas,
      ramp: this.#ramped ? counterDeltas(before, this.#ramped()) : deltas,
      closing: this.#open ? counterDeltas(open, now) : {},
      all: counterDeltas(before, now)
    }
  }
}

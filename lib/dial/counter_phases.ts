/** The kernel's counters at the end of each phase of a dial, so that a change is attributed to the right phase. */
import type { Counters } from '../host/counter_files.js'
import { type CounterChanges, counterDeltas } from '../host/counters.js'
import { noteCounters, readCounters } from '../observe/counters.js'

/** How far counters moved in each phase. */
export interface PhaseChanges {
  /** The latest reading before the run began to close its connections. */
  counters: Counters
  /** From the start until that reading: ramp and hold. */
  deltas: CounterChanges
  /** From the start until the last handshake ended; the same as `deltas` while the run dials. */
  ramp: CounterChanges
  /** Since the run began to close its connections; empty before that. */
  closing: CounterChanges
  /** From the start until now. */
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
  }

  /** Changes until the run began to close its connections. Reads the counters again only before that moment. */
  soFar(): CounterChanges {
    if (!this.#open) return counterDeltas(this.#before(), readCounters())
    this.#untilClose ??= counterDeltas(this.#before(), this.#open())
    return this.#untilClose
  }

  /** Changes in each phase; reads the counters again. */
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

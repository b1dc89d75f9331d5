/**
 * What peers ended before a dial was told to stop. Where one signal ends a listener and the dial to it, or one Ctrl-C both
 * processes, the listener closes its connections before the dial closes its own; that is no fault of the peer.
 */
import type { EngineCounters, ErrorTally } from '../engine/engine.js'

type Counted = Pick<EngineCounters, 'attempted' | 'failed' | 'dialedClosedByPeer'>

interface Look {
  closedByPeer: number
  errors: readonly ErrorTally[]
}

export class PeerEndings {
  readonly #errors: () => ErrorTally[]
  #last: Look = { closedByPeer: 0, errors: [] }
  #stopped = false

  /** @param errors the failures so far */
  constructor(errors: () => ErrorTally[]) {
    this.#errors = errors
  }

  /** To be called often: what happens between the last look and the stop is taken for part of the stop. */
  note({ dialedClosedByPeer, failed }: Counted): void {
    if (this.#stopped) return
    const { closedByPeer } = this.#last
    // Failures are read only where there are some.
    if (dialedClosedByPeer === closedByPeer && failed === 0) return
    this.#last = { closedByPeer: dialedClosedByPeer, errors: this.#errors() }
  }

  /** The run has been told to stop: from now on peers may do as they like. */
  stop(): void {
    this.#stopped = true
  }

  /** The figures without what peers did after the stop. An attempt they refused then is no attempt. */
  untilStop<T extends Counted>(counters: T, errors: ErrorTally[]): { counters: T; errors: ErrorTally[] } {
    if (!this.#stopped) return { counters, errors }
    let refused = 0
    const kept = errors.flatMap((tally) => {
      if (!isByPeer(tally)) return [tally]
      const { count = 0 } = this.#last.errors.find(({ phase, code }) => isSame(tally, phase, code)) ?? {}
      if (tally.phase === 'connect') refused += tally.count - count
      return count === 0 ? [] : [{ ...tally, count }]
    })
    return {
      counters: {
        ...counters,
        attempted: counters.attempted - refused,
        failed: counters.failed - refused,
        dialedClosedByPeer: Math.min(counters.dialedClosedByPeer, this.#last.closedByPeer)
      },
      errors: kept
    }
  }
}

const isSame = (tally: ErrorTally, phase: string, code: string) =>
  tally.phase === phase && tally.code === code

/** What a listener that closes does to those who dial it. */
function isByPeer({ phase, code }: ErrorTally): boolean {
  if (phase === 'connect') return code === 'ECONNREFUSED' || code === 'ECONNRESET'
  return phase === 'hold' || (phase === 'exchange' && ['ENODATA', 'ECONNRESET', 'EPIPE'].includes(code))
}

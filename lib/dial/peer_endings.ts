/**
 * Connections that peers ended before the dial was told to stop. If one signal ends a listener and the dial to it, or one
 * Ctrl-C ends both processes, the listener closes its connections first; that is not a fault of the peer.
 */
import type { Engine, EngineCounters, ErrorTally } from '../engine/engine.js'
import type { NativeEarlyEnd, NativeEndCause } from '../engine/native_endings.js'

type Counted = Pick<EngineCounters, 'attempted' | 'failed' | 'dialedClosedByPeer'>

interface Look {
  closedByPeer: number
  errors: readonly ErrorTally[]
  early: readonly NativeEarlyEnd[]
}

/** What happened to connections until the run was told to stop. */
interface Endings<T extends Counted> {
  counters: T
  errors: ErrorTally[]
  /** Connections that ended before their time. */
  early: readonly NativeEarlyEnd[]
}

export class PeerEndings {
  readonly #engine: Pick<Engine, 'errors' | 'earlyEnds'>
  #last: Look = { closedByPeer: 0, errors: [], early: [] }
  #stopped = false

  constructor(engine: Pick<Engine, 'errors' | 'earlyEnds'>) {
    this.#engine = engine
  }

  /** Must be called often: changes between the last call and the stop count as part of the stop. */
  note({ dialedClosedByPeer, failed }: Counted): void {
    if (this.#stopped) return
    const { closedByPeer } = this.#last
    // Failures are read only if there are any.
    if (dialedClosedByPeer === closedByPeer && failed === 0) return
    this.#last = {
      closedByPeer: dialedClosedByPeer,
      errors: this.#engine.errors(),
      early: this.#engine.earlyEnds()
    }
  }

  /** Notes that the run was told to stop: what peers do from now on does not count. */
  stop(): void {
    this.#stopped = true
  }

  /** The figures without what peers did after the stop. An attempt that they refused after it does not count. */
  untilStop<T extends Counted>(counters: T): Endings<T> {
    const errors = this.#engine.errors()
    if (!this.#stopped) return { counters, errors, early: this.#engine.earlyEnds() }
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
      errors: kept,
      early: this.#engine
        .earlyEnds()
        .flatMap((end) =>
          byPeer.has(end.cause) ? this.#last.early.filter(({ cause }) => cause === end.cause) : [end]
        )
    }
  }
}

/** Causes of an end that come from the peer. */
const byPeer: ReadonlySet<NativeEndCause> = new Set(['cutOff', 'closed', 'reset', 'heldClosed', 'heldReset'])

const isSame = (tally: ErrorTally, phase: string, code: string) =>
  tally.phase === phase && tally.code === code

/** The errors that a closing listener causes at the dialing side. */
function isByPeer({ phase, code }: ErrorTally): boolean {
  if (phase === 'connect') return code === 'ECONNREFUSED' || code === 'ECONNRESET'
  return phase === 'hold' || (phase === 'exchange' && ['ENODATA', 'ECONNRESET', 'EPIPE'].includes(code))
}

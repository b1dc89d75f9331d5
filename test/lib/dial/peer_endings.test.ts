import { describe, expect, it } from 'vitest'
import { PeerEndings } from '../../../lib/dial/peer_endings.js'
import type { ErrorTally } from '../../../lib/engine/engine.js'
import type { NativeEarlyEnd, NativeEndCause } from '../../../lib/engine/native_endings.js'

const tally = (phase: ErrorTally['phase'], code: string, count: number): ErrorTally => ({
  phase,
  code,
  count,
  example: '127.0.0.1:1024 > 127.0.0.1:80'
})

const counters = { attempted: 1000, failed: 0, dialedClosedByPeer: 0 }

/** A run that was read with some failures, and then stopped. */
function stoppedAfter(look: Partial<typeof counters>, before: ErrorTally[]) {
  const engine = { errors: () => before, earlyEnds: () => [] }
  const endings = new PeerEndings(engine)
  endings.note({ ...counters, ...look })
  endings.stop()
  return {
    note: endings.note.bind(endings),
    untilStop(now: typeof counters, errors: ErrorTally[]) {
      engine.errors = () => errors
      return endings.untilStop(now)
    }
  }
}

describe('PeerEndings', () => {
  it('changes nothing before the stop', () => {
    const errors = [tally('hold', 'ECONNRESET', 3)]
    const endings = new PeerEndings({ errors: () => errors, earlyEnds: () => [] })
    const now = { ...counters, dialedClosedByPeer: 664 }
    expect(endings.untilStop(now)).toEqual({ counters: now, errors, early: [] })
  })

  it('keeps what peers did before the stop, and ignores what they do after it', () => {
    const endings = stoppedAfter({ dialedClosedByPeer: 5 }, [tally('hold', 'ECONNRESET', 5)])
    const now = { ...counters, dialedClosedByPeer: 664 }
    expect(endings.untilStop(now, [tally('hold', 'ECONNRESET', 664)])).toEqual({
      early: [],
      counters: { ...counters, dialedClosedByPeer: 5 },
      errors: [tally('hold', 'ECONNRESET', 5)]
    })
  })

  it('does not count an attempt that was refused after the stop', () => {
    const endings = stoppedAfter({ failed: 2 }, [tally('connect', 'ECONNREFUSED', 2)])
    expect(endings.untilStop({ ...counters, failed: 12 }, [tally('connect', 'ECONNREFUSED', 12)])).toEqual({
      early: [],
      counters: { ...counters, attempted: 990, failed: 2 },
      errors: [tally('connect', 'ECONNREFUSED', 2)]
    })
  })

  it('keeps errors that this side caused', () => {
    const own = [tally('timeout', 'ETIMEDOUT', 9), tally('exchange', 'ETIMEDOUT', 4)]
    const now = { ...counters, failed: 9 }
    expect(stoppedAfter({}, []).untilStop(now, own)).toEqual({ counters: now, errors: own, early: [] })
  })

  it('takes no further reading once the run is stopped', () => {
    const endings = stoppedAfter({}, [])
    endings.note({ ...counters, dialedClosedByPeer: 7 })
    const now = { ...counters, dialedClosedByPeer: 7 }
    expect(endings.untilStop(now, []).counters.dialedClosedByPeer).toBe(0)
  })

  it('keeps early ends caused by this side, and those of peers until the stop', () => {
    const end = (cause: NativeEndCause, count: number) => ({ cause, count }) as NativeEarlyEnd
    const engine = { errors: () => [], earlyEnds: () => [end('wrong', 1), end('reset', 2)] }
    const endings = new PeerEndings(engine)
    endings.note({ ...counters, dialedClosedByPeer: 2 })
    endings.stop()
    engine.earlyEnds = () => [end('wrong', 3), end('reset', 9), end('closed', 4)]
    expect(endings.untilStop(counters).early).toEqual([end('wrong', 3), end('reset', 2)])
  })
})

import { describe, expect, it } from 'vitest'
import { dialProgress, listenProgress, Progress } from '../../lib/cli/progress.js'
import type { Snapshot } from '../../lib/dial/snapshot.js'

const goal = { connections: 1_000_000, holdMs: 60_000, churn: false, durationMs: null }
const dialing: Snapshot = {
  tSeconds: 2,
  attempted: 413_369,
  skippedPorts: 0,
  phase: 'dialing',
  established: 412_345,
  failed: 0,
  inFlight: 1024,
  connectsPerSecond: 238_000,
  connectP50Us: 90,
  connectP99Us: 400,
  exchangeP50Us: null,
  exchangeP99Us: null,
  exchanges: 0,
  transactions: 0,
  transactionsPerSecond: 0,
  closedByPeer: 0,
  errors: [],
  findings: [],
  sample: null
}

describe('dialProgress', () => {
  it('shows the rate, the handshakes in flight and the time left during the ramp', () => {
    expect(dialProgress(dialing, goal, 0)).toBe('dialing 412k of 1m, 238k/s, 1,024 in flight, 2s left')
  })

  it('shows failures of all phases by cause, most frequent first', () => {
    const errors = [
      { phase: 'connect' as const, code: 'ECONNREFUSED', count: 2 },
      { phase: 'timeout' as const, code: 'ETIMEDOUT', count: 10 },
      { phase: 'hold' as const, code: 'ECONNREFUSED', count: 1 }
    ]
    expect(dialProgress({ ...dialing, failed: 13, errors }, goal, 0)).toContain(
      ', 13 failed (ETIMEDOUT 10, ECONNREFUSED 3)'
    )
  })

  it('counts minutes where there are some', () => {
    expect(dialProgress({ ...dialing, connectsPerSecond: 5000 }, goal, 0)).toMatch(/, 1m 58s left$/)
  })

  it('shows no time left without a rate', () => {
    expect(dialProgress({ ...dialing, connectsPerSecond: 0 }, goal, 0)).not.toContain('left')
  })

  it('shows how much of the hold has passed, and how many connections the peer closed', () => {
    const holding = { ...dialing, phase: 'holding' as const, established: 999_990, closedByPeer: 10 }
    expect(dialProgress(holding, goal, 12.4)).toBe('holding 1m of 1m, 12s of 1m, 10 closed by peer')
  })

  it('shows heartbeats, and failed heartbeats apart from failed connects', () => {
    const errors = [
      { phase: 'exchange' as const, code: 'EBADMSG', count: 2 },
      { phase: 'connect' as const, code: 'ECONNREFUSED', count: 5 },
      { phase: 'exchange' as const, code: 'ETIMEDOUT', count: 10 }
    ]
    const holding = { ...dialing, phase: 'holding' as const, exchanges: 1_234_567, failed: 5, errors }
    expect(dialProgress(holding, goal, 3)).toBe(
      'holding 412k of 1m, 3s of 1m, 1.23m exchanges, 5 failed (ECONNREFUSED 5), 12 exchanges failed (ETIMEDOUT 10, EBADMSG 2)'
    )
  })

  it('shows the transaction rate of a churn, and how much of it has passed', () => {
    const churning = {
      ...dialing,
      established: 100,
      transactions: 212_345,
      transactionsPerSecond: 106_000,
      exchanges: 212_350
    }
    expect(dialProgress(churning, { ...goal, connections: 100, churn: true, durationMs: 10_000 }, 0)).toBe(
      'churning 106k/s, 212k transactions, 100 open, 2s of 10s'
    )
  })

  it('shows every failure as it happens, with all digits', () => {
    const errors = [{ phase: 'timeout' as const, code: 'ETIMEDOUT', count: 123_456 }]
    expect(dialProgress({ ...dialing, failed: 123_456, errors }, goal, 0)).toContain(
      ', 123,456 failed (ETIMEDOUT 123,456)'
    )
  })

  it('leaves out whole parts where there is no room, and never what failed or how much time is left', () => {
    const errors = [{ phase: 'timeout' as const, code: 'ETIMEDOUT', count: 1234 }]
    const failing = { ...dialing, failed: 1234, errors }
    const at = (room: number) => dialProgress(failing, goal, 0, undefined, room)
    expect(at(80)).toBe('dialing 412k of 1m, 238k/s, 1,024 in flight, 2s left, 1,234 failed')
    expect(at(60)).toBe('dialing 412k of 1m, 238k/s, 2s left, 1,234 failed')
    expect(at(44)).toBe('dialing 412k of 1m, 2s left, 1,234 failed')
  })

  it('says how long a target takes that answers nothing', () => {
    const silent = { ...dialing, established: 0, attempted: 1024, connectsPerSecond: 0 }
    const patience = { window: 1024, connectTimeoutMs: 5000 }
    expect(dialProgress(silent, { ...goal, ...patience }, 0)).toBe(
      'dialing 0 of 1m, 0/s, 1,024 in flight, nothing answers, 1h 21m left'
    )
    expect(dialProgress(silent, { ...goal, ...patience, connections: 10_000 }, 0)).toBe(
      'dialing 0 of 10k, 0/s, 1,024 in flight, nothing answers, 48s left, 1m would take 1h 21m'
    )
  })

  it('says so in few words where there is little room', () => {
    const errors = [{ phase: 'timeout' as const, code: 'ETIMEDOUT', count: 1024 }]
    const silent = {
      ...dialing,
      tSeconds: 6,
      established: 0,
      attempted: 2048,
      connectsPerSecond: 0,
      failed: 1024,
      errors
    }
    const patient = { ...goal, connections: 10_000, window: 1024, connectTimeoutMs: 5000 }
    expect(dialProgress(silent, patient, 0, undefined, 79)).toBe(
      'dialing 0 of 10k, 0/s, nothing answers, 44s left, 1m: 1h 21m, 1,024 failed'
    )
  })

  it('counts down the open connections while closing', () => {
    expect(dialProgress({ ...dialing, phase: 'closing', established: 5000 }, goal, 60)).toBe(
      'closing 5k of 1m'
    )
  })
})

describe('listenProgress', () => {
  it('shows the open and the accepted connections', () => {
    const snapshot = {
      tSeconds: 1,
      open: 900,
      accepted: 1000,
      acceptsPerSecond: 500,
      closedByPeer: 100,
      bytesReceived: 0,
      bytesSent: 0,
      failed: 0
    }
    expect(listenProgress(snapshot)).toBe('900 open, 1k accepted, 500/s')
    expect(listenProgress({ ...snapshot, failed: 3 })).toBe('900 open, 1k accepted, 500/s, 3 failed')
  })
})

describe('Progress', () => {
  function shown(live: boolean, columns = 80) {
    let nowMs = 0
    const written: string[] = []
    const stream = { columns, write: (text: string) => written.push(text) }
    const progress = new Progress(stream, live, () => nowMs)
    return {
      written,
      progress,
      at: (ms: number, text: string) => {
        nowMs = ms
        progress.show(() => text)
      }
    }
  }

  it('redraws a terminal line at most ten times per second', () => {
    const { written, at } = shown(true)
    at(0, 'a')
    at(99, 'b')
    at(100, 'c')
    expect(written).toEqual(['\r\u001b[2Ka', '\r\u001b[2Kc'])
  })

  it('never wraps a terminal line', () => {
    const { written, at } = shown(true, 6)
    at(0, 'abcdefgh')
    expect(written).toEqual(['\r\u001b[2Kabcde'])
  })

  it('assumes 80 columns when the terminal does not know its width', () => {
    const { written, at } = shown(true, 0)
    at(0, 'x'.repeat(100))
    expect(written).toEqual([`\r\u001b[2K${'x'.repeat(79)}`])
  })

  it('clears the line it has drawn, once', () => {
    const { written, progress, at } = shown(true)
    progress.clear()
    at(0, 'a')
    progress.clear()
    progress.clear()
    expect(written).toEqual(['\r\u001b[2Ka', '\r\u001b[2K'])
  })

  it('wraps a line that stays on a terminal, and only there', () => {
    const { written, progress } = shown(true, 20)
    progress.line('critical: the queue is full (accept-queue-overflow)')
    expect(written).toEqual(['critical: the queue\n  is full\n  (accept-queue-overflow)\n'])
    const log = shown(false, 20)
    log.progress.line('critical: the queue is full (accept-queue-overflow)')
    expect(log.written).toEqual(['critical: the queue is full (accept-queue-overflow)\n'])
  })

  it('writes a line every five seconds without a terminal, and none for a short run', () => {
    const { written, progress, at } = shown(false)
    at(0, 'a')
    at(4999, 'b')
    at(5000, 'c')
    at(5001, 'd')
    at(10_000, 'e')
    progress.clear()
    expect(written).toEqual(['c\n', 'e\n'])
  })
})

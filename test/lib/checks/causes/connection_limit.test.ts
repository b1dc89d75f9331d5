import { describe, expect, it } from 'vitest'
import { acceptQueueOverflow } from '../../../../lib/checks/causes/accept_queue_overflow.js'
import { connectionLimit } from '../../../../lib/checks/causes/connection_limit.js'
import {
  explaining,
  linesOf,
  listening,
  plateauSeries,
  point,
  run,
  serving,
  tally,
  watching
} from '../fixtures.js'

const process = {
  pid: 4711,
  name: 'haproxy',
  openFiles: 108,
  nofileSoft: 8000,
  nofileHard: 8000,
  stopped: false
}
const left = listening({ queued: 51, backlog: 50, dropped: 700, ignoredSeconds: 1.5, process })

describe('connection-limit with the server on this host', () => {
  it('is proven by a process that sleeps although its accept queue is full', () => {
    const verdict = connectionLimit.explain?.(watching({ listeners: [left], served: [serving()] }))
    expect(verdict).toMatchObject({
      severity: 'warning',
      side: 'server',
      title:
        'haproxy (pid 4711) accepts no more at 127.0.0.1:8100, although it has nothing else to do and descriptors to spare: it keeps to a limit of 100 connections of its own, and 51 wait',
      events: 700,
      explains: expect.arrayContaining([acceptQueueOverflow])
    })
    expect(linesOf(verdict)).toEqual([
      '# raise maxconn, global and of the frontend, in haproxy.cfg, and restart it; a longer backlog only lets more wait'
    ])
  })

  it.each([
    ['a server that is merely slow', { ...left, ignoredSeconds: 0 }],
    ['a server that slept for a moment', { ...left, ignoredSeconds: 0.5 }],
    ['a process that cannot be inspected', { ...left, process: null }]
  ])('is not reported for %s', (_, candidate) => {
    expect(connectionLimit.explain?.(watching({ listeners: [candidate] }))).toBeNull()
  })
})

describe('connection-limit with the server on another host', () => {
  const stuckAt = (held: number) =>
    run({
      connections: {
        requested: held + 2000,
        attempted: held + 2000,
        established: held,
        failed: 2000,
        peak: held
      },
      errors: [tally('timeout', 'ETIMEDOUT', 2000)],
      series: plateauSeries(held)
    })

  it.each([1000, 2000, 10_000])('is guessed from %i connections, and hides no other finding', (held) => {
    const verdict = connectionLimit.explain?.(explaining({ run: stuckAt(held) }))
    expect(verdict).toMatchObject({
      severity: 'info',
      title: expect.stringContaining('looks like a limit')
    })
    expect(verdict?.explains).toBeUndefined()
  })

  it.each([976, 1013, 17_577])('is not guessed from %i connections', (held) => {
    expect(connectionLimit.explain?.(explaining({ run: stuckAt(held) }))).toBeNull()
  })

  it('is not guessed from a round number when a full queue on this host explains it', () => {
    const listeners = [listening({ queued: 1000, backlog: 999, dropped: 6000 })]
    expect(
      connectionLimit.explain?.(explaining({ run: stuckAt(1000), listeners, peerIsHere: true }))
    ).toBeNull()
  })

  it('is guessed from a round number of connections that a peer kept', () => {
    const kept = run({
      connections: { requested: 400, attempted: 400, established: 400, peak: 310, closedByPeer: 300 },
      series: [point(0.1, 310), point(0.2, 100), point(3, 100)]
    })
    expect(connectionLimit.explain?.(explaining({ run: kept }))).toMatchObject({
      severity: 'info',
      title:
        'the peer kept 100 connections and closed the others as they came: this looks like a limit of 100 clients'
    })
  })
})

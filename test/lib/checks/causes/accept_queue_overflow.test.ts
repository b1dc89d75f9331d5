import { describe, expect, it } from 'vitest'
import { acceptQueueOverflow } from '../../../../lib/checks/causes/accept_queue_overflow.js'
import { explaining, linesOf, predicting, rose, run, tally, watching } from '../fixtures.js'

// Measured: backlog 5, nobody accepts, 30 connects: 6 stand, 24 stay in SYN_SENT and count 168 in ten seconds.
const measured = run({
  connections: { requested: 30, attempted: 30, established: 6, failed: 24, peak: 6 },
  errors: [tally('timeout', 'ETIMEDOUT', 24)]
})
const counted = rose({ 'TcpExt.ListenOverflows': 168, 'TcpExt.ListenDrops': 168 })
const listener = { address: '127.0.0.1:8100', queued: 6, backlog: 5, process: null }

describe('explain', () => {
  it('names the listener and what bounds its queue', () => {
    const verdict = acceptQueueOverflow.explain?.(
      explaining({ run: measured, deltas: counted, peerIsHere: true, listeners: [listener] })
    )
    expect(verdict).toMatchObject({
      severity: 'critical',
      side: 'server',
      title:
        'the accept queue overflowed: 168 SYNs or final ACKs were dropped; 127.0.0.1:8100 has 6 waiting at a backlog of 5',
      events: 168
    })
    expect(linesOf(verdict)[0]).toBe(
      '# listen(fd, 4096) in the server: it asked for a backlog of 5, somaxconn allows 4096'
    )
  })

  it('raises somaxconn when that is the bound', () => {
    const verdict = acceptQueueOverflow.explain?.(
      watching({ deltas: counted, listeners: [{ ...listener, queued: 4097, backlog: 4096 }] })
    )
    expect(verdict?.severity).toBe('warning')
    expect(linesOf(verdict)[0]).toBe('sysctl -w net.core.somaxconn=65535')
  })

  it('is named for resets where tcp_abort_on_overflow asks for them', () => {
    const reset = run({ errors: [tally('hold', 'ECONNRESET', 8)], connections: { closedByPeer: 8 } })
    const deltas = rose({ 'TcpExt.ListenOverflows': 8, 'TcpExt.EmbryonicRsts': 8 })
    const context = { run: reset, deltas, peerIsHere: true }
    expect(
      acceptQueueOverflow.explain?.(explaining({ ...context, facts: { tcp: { abortOnOverflow: 1 } } }))
    ).toMatchObject({
      events: 8
    })
    expect(acceptQueueOverflow.explain?.(explaining(context))).toBeNull()
  })

  it.each([
    [
      'a SYN without a way back, which raises ListenDrops alone',
      { 'TcpExt.ListenDrops': 3, 'Ip.OutNoRoutes': 3 },
      true
    ],
    [
      'a listener of this host that was not dialed',
      { 'TcpExt.ListenOverflows': 168, 'TcpExt.ListenDrops': 168 },
      false
    ]
  ])('is not taken for %s', (_, deltas, peerIsHere) => {
    expect(
      acceptQueueOverflow.explain?.(explaining({ run: measured, deltas: rose(deltas), peerIsHere }))
    ).toBeNull()
  })
})

describe('predict', () => {
  const predict = (somaxconn: number | null, ratePerSecond: number | null, peerIsHere = true) =>
    acceptQueueOverflow.predict?.(
      predicting({ facts: { tcp: { somaxconn } }, needs: { ratePerSecond }, peerIsHere })
    )

  it('warns of a queue that lasts a moment only', () => {
    expect(predict(128, 50_000)?.title).toBe(
      'an accept queue of 128 is full after 2.56 ms without accept at 50,000/s'
    )
  })

  it.each([
    ['a usual queue', 4096, 250_000, true],
    ['no rate', 128, null, true],
    ['a listener elsewhere', 128, 50_000, false],
    ['an unknown bound', null, 50_000, true]
  ])('says nothing with %s', (_, somaxconn, rate, peerIsHere) => {
    expect(predict(somaxconn, rate, peerIsHere)).toBeNull()
  })
})

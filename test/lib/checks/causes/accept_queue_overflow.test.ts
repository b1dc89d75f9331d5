import { describe, expect, it } from 'vitest'
import { acceptQueueOverflow } from '../../../../lib/checks/causes/accept_queue_overflow.js'
import { explaining, linesOf, listening, predicting, rose, run, tally, watching } from '../fixtures.js'

// Measured: backlog 5, no accept, 30 connects: 6 are established, 24 stay in SYN_SENT and count 168 in ten seconds.
const measured = run({
  connections: { requested: 30, attempted: 30, established: 6, failed: 24, peak: 6 },
  errors: [tally('timeout', 'ETIMEDOUT', 24)]
})
const counted = rose({ 'TcpExt.ListenOverflows': 168, 'TcpExt.ListenDrops': 168 })
const listener = listening({ queued: 6, backlog: 5, dropped: 168 })
const stranger = listening({ address: '127.0.0.1:9999', queued: 6, backlog: 5, dropped: 168 })
const idle = listening()

const explain = (changes: Parameters<typeof explaining>[0]) =>
  acceptQueueOverflow.explain?.(
    explaining({ run: measured, deltas: counted, peerIsHere: true, strangers: [], ...changes })
  )

describe('explain', () => {
  it('names the listener and the limit of its queue', () => {
    expect(explain({ listeners: [listener] })).toMatchObject({
      severity: 'critical',
      side: 'server',
      title:
        'the accept queue overflowed: 168 SYNs or final ACKs were dropped; 127.0.0.1:8100 has 6 waiting at a backlog of 5',
      evidence: expect.arrayContaining([{ name: 'dropped by 127.0.0.1:8100', before: null, after: 168 }]),
      events: 168
    })
  })

  it('counts the drops of this listener, not those of all listeners', () => {
    const verdict = explain({
      listeners: [{ ...listener, dropped: 100 }],
      strangers: [{ ...stranger, dropped: 68 }]
    })
    expect(verdict).toMatchObject({
      title: expect.stringMatching(/^the accept queue overflowed: 100 SYNs/),
      events: 100
    })
  })

  it('reports how full a queue was when it has room again', () => {
    expect(explain({ listeners: [{ ...listener, queued: 1 }] })?.title).toMatch(
      /; 127\.0\.0\.1:8100 had up to 6 waiting at a backlog of 5$/
    )
  })

  it('names which of several listeners on the port it is', () => {
    const process = {
      pid: 7,
      name: 'server',
      openFiles: 9,
      nofileSoft: 1024,
      nofileHard: 1024,
      stopped: false
    }
    const listeners = [{ ...listener, process, processes: 1 }, idle, idle, idle]
    expect(explain({ listeners })?.title).toMatch(
      /; 1 of 4 listeners at 127\.0\.0\.1:8100 \(server, pid 7\) has 6 waiting at a backlog of 5$/
    )
  })

  it('names the listener to which a NAT translated the connections', () => {
    expect(explain({ listeners: [], strangers: [stranger] })?.title).toMatch(
      /; 127\.0\.0\.1:9999 has 6 waiting/
    )
  })

  it('reports info when fewer than a hundredth of the SYNs were lost', () => {
    const lossy = run({ retransmits: { syn: 50, connectionsWithSynRetry: 50 } })
    const deltas = rose({ 'TcpExt.ListenOverflows': 50, 'TcpExt.ListenDrops': 50 })
    expect(explain({ run: lossy, deltas, listeners: [{ ...listener, dropped: 50 }] })?.severity).toBe('info')
  })

  it('goes by the counter when sockets are not listed', () => {
    expect(explain({ strangers: null })).toMatchObject({ events: 168 })
    expect(linesOf(explain({ strangers: null }))[0]).toBe('ss -ltn')
  })

  it('counts resets when tcp_abort_on_overflow asks for them', () => {
    const reset = run({ errors: [tally('hold', 'ECONNRESET', 8)], connections: { closedByPeer: 8 } })
    const deltas = rose({ 'TcpExt.ListenOverflows': 8, 'TcpExt.EmbryonicRsts': 8 })
    const context = { run: reset, deltas, listeners: [{ ...listener, dropped: 8 }] }
    expect(explain({ ...context, facts: { tcp: { abortOnOverflow: 1 } } })).toMatchObject({ events: 8 })
    expect(explain(context)).toBeNull()
  })

  it('works beside a server', () => {
    expect(
      acceptQueueOverflow.explain?.(watching({ deltas: counted, listeners: [listener], strangers: [] }))
    ).toMatchObject({ severity: 'warning', events: 168 })
  })

  it.each([
    [
      'a SYN without a way back, which raises ListenDrops alone',
      { deltas: rose({ 'TcpExt.ListenDrops': 3, 'Ip.OutNoRoutes': 3 }), listeners: [{ ...idle, dropped: 3 }] }
    ],
    ['a listener of another host', { peerIsHere: false }],
    ['a listener of this host that was not dialed', { listeners: [idle], strangers: [stranger] }],
    [
      'a listener that was not dialed, when no connection was established',
      {
        listeners: [],
        strangers: [stranger],
        run: run({ connections: { requested: 30, attempted: 30, established: 0, failed: 30, peak: 0 } })
      }
    ],
    ['the losses of other connections', { run: run(), listeners: [listener] }]
  ])('does not blame the queue for %s', (_, changes) => {
    expect(explain(changes)).toBeNull()
  })

  it('does not blame a queue that was never full for drops with another cause', () => {
    const deltas = rose({ 'TcpExt.ListenOverflows': 10, 'TcpExt.ListenDrops': 178 })
    expect(explain({ deltas, listeners: [{ ...idle, dropped: 168 }] })).toBeNull()
  })
})

describe('the remedy', () => {
  const remedyAt = (backlog: number, somaxconn: number) =>
    linesOf(
      explain({
        listeners: [listening({ queued: backlog + 1, backlog, dropped: 168 })],
        facts: { tcp: { somaxconn } }
      })
    )

  it('raises somaxconn when somaxconn is the limit, and restarts the server', () => {
    const [raise, restart] = remedyAt(4096, 4096)
    expect(raise).toBe('sysctl -w net.core.somaxconn=65535')
    expect(restart).toContain('restart it')
    expect(remedyAt(4096, 128)[0]).toBe('sysctl -w net.core.somaxconn=65535')
  })

  it.each([128, 4096])('restarts a server whose backlog of %i equals an earlier somaxconn', (backlog) => {
    const lines = remedyAt(backlog, 65_535)
    expect(lines[0]).toContain('restart the server: somaxconn is 65535 now')
    expect(lines[1]).toContain('tcp-backlog')
    expect(lines.join()).not.toContain('sysctl')
  })

  it('raises a backlog that the server asks for', () => {
    const lines = remedyAt(511, 4096)
    expect(lines[0]).toContain('restart the server if somaxconn was below 4096')
    expect(lines[1]).toContain('nginx: listen ... backlog=4096')
    expect(lines.join()).not.toContain('sysctl')
  })

  it('continues a process that a signal has stopped', () => {
    const process = {
      pid: 7,
      name: 'server',
      openFiles: 9,
      nofileSoft: 1024,
      nofileHard: 1024,
      stopped: true
    }
    expect(linesOf(explain({ listeners: [{ ...listener, process, processes: 1 }] }))[0]).toBe('kill -CONT 7')
  })
})

describe('predict', () => {
  const predict = (somaxconn: number | null, ratePerSecond: number | null, peerIsHere = true) =>
    acceptQueueOverflow.predict?.(
      predicting({ facts: { tcp: { somaxconn } }, needs: { ratePerSecond }, peerIsHere })
    )

  it('warns only of a queue that fills for a moment', () => {
    expect(predict(128, 50_000)?.title).toBe(
      'an accept queue of 128 is full after 2.56 ms without accept at 50,000/s'
    )
  })

  it.each([
    ['a usual queue', 4096, 250_000, true],
    ['no rate', 128, null, true],
    ['a listener elsewhere', 128, 50_000, false],
    ['an unknown bound', null, 50_000, true]
  ])('is silent with %s', (_, somaxconn, rate, peerIsHere) => {
    expect(predict(somaxconn, rate, peerIsHere)).toBeNull()
  })
})

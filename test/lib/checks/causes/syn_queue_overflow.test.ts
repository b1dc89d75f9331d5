import { describe, expect, it } from 'vitest'
import { synQueueOverflow } from '../../../../lib/checks/causes/syn_queue_overflow.js'
import { explaining, linesOf, rose, run, tally, watching } from '../fixtures.js'

// Measured: 200 half-open connections, then 20 honest connects.
const refused = run({
  connections: { requested: 20, attempted: 20, established: 0, failed: 20, peak: 0 },
  errors: [tally('timeout', 'ETIMEDOUT', 20)]
})
const honest = run({ connections: { requested: 20, attempted: 20, established: 20, peak: 20 } })
const explain = (outcome: typeof honest, deltas: Record<string, number>, tcp: object) =>
  synQueueOverflow.explain?.(
    explaining({ run: outcome, deltas: rose(deltas), facts: { tcp }, peerIsHere: true })
  )

describe('with SYN cookies', () => {
  const counted = {
    'TcpExt.TCPReqQFullDoCookies': 155,
    'TcpExt.SyncookiesSent': 155,
    'TcpExt.SyncookiesRecv': 20
  }

  it('is good to know', () => {
    expect(explain(honest, counted, { syncookies: 1 })).toMatchObject({
      severity: 'info',
      side: 'server',
      events: 155
    })
  })

  it('costs options where timestamps are off', () => {
    expect(explain(honest, counted, { syncookies: 1, timestamps: 0 })?.title).toContain(
      'SACK and window scaling'
    )
  })

  it('is not taken for tcp_syncookies=2, which sends them always', () => {
    expect(explain(honest, counted, { syncookies: 2 })).toBeNull()
  })
})

describe('without SYN cookies', () => {
  it('names dropped SYNs', () => {
    const verdict = explain(
      refused,
      { 'TcpExt.TCPReqQFullDrop': 910, 'TcpExt.ListenDrops': 910 },
      { syncookies: 0 }
    )
    expect(verdict).toMatchObject({ severity: 'critical', events: 910 })
    expect(linesOf(verdict)[0]).toBe('sysctl -w net.ipv4.tcp_syncookies=1')
  })

  it('names tcp_max_syn_backlog, which only ListenDrops counts', () => {
    const verdict = explain(refused, { 'TcpExt.ListenDrops': 1006 }, { syncookies: 0, maxSynBacklog: 64 })
    expect(verdict).toMatchObject({ severity: 'critical', events: 1006 })
    expect(verdict?.evidence).toContainEqual({
      name: 'net.ipv4.tcp_max_syn_backlog',
      before: null,
      after: 64
    })
  })

  it('is not taken for other causes of ListenDrops', () => {
    const other = { 'TcpExt.ListenDrops': 12, 'TcpExt.ListenOverflows': 9, 'Ip.OutNoRoutes': 3 }
    expect(explain(refused, other, { syncookies: 0 })).toBeNull()
    expect(explain(refused, { 'TcpExt.ListenDrops': 12 }, { syncookies: 1 })).toBeNull()
  })
})

it('is named beside a server', () => {
  expect(
    synQueueOverflow.explain?.(watching({ deltas: rose({ 'TcpExt.TCPReqQFullDoCookies': 5 }) }))
  ).toMatchObject({ events: 5 })
})

import { describe, expect, it } from 'vitest'
import { synQueueOverflow } from '../../../../lib/checks/causes/syn_queue_overflow.js'
import { explaining, linesOf, rose, run, survey, tally, watching } from '../fixtures.js'

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

describe('syn-queue-overflow with SYN cookies', () => {
  const counted = {
    'TcpExt.TCPReqQFullDoCookies': 155,
    'TcpExt.SyncookiesSent': 155,
    'TcpExt.SyncookiesRecv': 20
  }

  it('is only info', () => {
    expect(explain(honest, counted, { syncookies: 1 })).toMatchObject({
      severity: 'info',
      side: 'server',
      events: 155
    })
  })

  it('costs TCP options when timestamps are off', () => {
    expect(explain(honest, counted, { syncookies: 1, timestamps: 0 })?.title).toContain(
      'SACK and window scaling'
    )
  })

  it('is silent for tcp_syncookies=2, which sends cookies always', () => {
    expect(explain(honest, counted, { syncookies: 2 })).toBeNull()
  })

  const poorer = survey({ ESTABLISHED: 40 }, { without: { windowScaling: 40, sack: 40, timestamps: 40 } })

  it('is a warning when open connections lost their options', () => {
    const cookies = { 'TcpExt.SyncookiesRecv': 40, 'TcpExt.SyncookiesSent': 40 }
    const beside = (syncookies: number, full: number) =>
      synQueueOverflow.explain?.(
        watching({
          deltas: rose({ ...cookies, 'TcpExt.TCPReqQFullDoCookies': full }),
          facts: { tcp: { syncookies } },
          survey: poorer
        })
      )
    expect(beside(1, 40)).toMatchObject({
      severity: 'warning',
      title: expect.stringContaining('40 of 40 open connections have neither SACK nor window scaling')
    })
    const always = beside(2, 0)
    expect(always).toMatchObject({ severity: 'warning' })
    expect(linesOf(always)[0]).toBe('sysctl -w net.ipv4.tcp_syncookies=1')
  })

  it('is silent for options that were lost without a cookie', () => {
    expect(synQueueOverflow.explain?.(watching({ survey: poorer }))).toBeNull()
  })

  it('is guessed only by a dial that sends no timestamps', () => {
    const from = (tcp: object) =>
      synQueueOverflow.explain?.(
        explaining({
          facts: { tcp },
          census: { sockets: 40, repeatedSynAcks: 0, healedSynAcks: 0, withoutOptions: 40 }
        })
      )
    expect(from({ timestamps: 0 })).toMatchObject({
      severity: 'info',
      side: 'server',
      title: expect.stringContaining('looks like SYN cookies')
    })
    expect(from({ timestamps: 1 })).toBeNull()
    expect(from({ timestamps: 0, sack: 0 })).toBeNull()
  })
})

describe('syn-queue-overflow without SYN cookies', () => {
  it('names the dropped SYNs', () => {
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

  it('is silent for other causes of ListenDrops', () => {
    const other = { 'TcpExt.ListenDrops': 12, 'TcpExt.ListenOverflows': 9, 'Ip.OutNoRoutes': 3 }
    expect(explain(refused, other, { syncookies: 0 })).toBeNull()
    expect(explain(refused, { 'TcpExt.ListenDrops': 12 }, { syncookies: 1 })).toBeNull()
  })
})

it('syn-queue-overflow works beside a server', () => {
  expect(
    synQueueOverflow.explain?.(watching({ deltas: rose({ 'TcpExt.TCPReqQFullDoCookies': 5 }) }))
  ).toMatchObject({ events: 5 })
})

it('syn-queue-overflow is info beside a server when few of many SYNs were dropped', () => {
  const beside = (deltas: Parameters<typeof rose>[0]) =>
    synQueueOverflow.explain?.(watching({ deltas: rose(deltas), facts: { tcp: { syncookies: 0 } } }))
  const few = { 'TcpExt.TCPReqQFullDrop': 50, 'TcpExt.ListenDrops': 50 }
  expect(beside(few)).toMatchObject({ severity: 'warning' })
  expect(beside({ ...few, 'Tcp.PassiveOpens': 100_000 })).toMatchObject({ severity: 'info' })
  expect(beside({ 'TcpExt.ListenDrops': 3 })).toBeNull()
})

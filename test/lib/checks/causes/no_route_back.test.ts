import { describe, expect, it } from 'vitest'
import { noRouteBack } from '../../../../lib/checks/causes/no_route_back.js'
import { synQueueOverflow } from '../../../../lib/checks/causes/syn_queue_overflow.js'
import { explaining, rose, watching } from '../fixtures.js'

const explain = (deltas: Parameters<typeof rose>[0], changes: Parameters<typeof watching>[0] = {}) =>
  noRouteBack.explain?.(watching({ deltas: rose(deltas), ...changes }))

describe('dropped SYNs at a listener', () => {
  it('are explained by a missing route back when as many route lookups failed', () => {
    for (const counter of ['Ip.OutNoRoutes', 'Ip6.OutNoRoutes'] as const)
      expect(explain({ 'TcpExt.ListenDrops': 120, [counter]: 120 })).toMatchObject({
        severity: 'warning',
        side: 'server',
        events: 120
      })
  })

  it('are an info finding when they are few, or few beside the opened connections', () => {
    expect(explain({ 'TcpExt.ListenDrops': 3, 'Ip.OutNoRoutes': 3 })).toMatchObject({ severity: 'info' })
    const counted = { 'TcpExt.ListenDrops': 50, 'Ip.OutNoRoutes': 50, 'Tcp.PassiveOpens': 10_000 }
    expect(explain(counted)).toMatchObject({ severity: 'info' })
  })

  it('are counted only beyond those that full queues explain', () => {
    const queues = { 'TcpExt.ListenDrops': 900, 'TcpExt.ListenOverflows': 400, 'TcpExt.TCPReqQFullDrop': 480 }
    expect(explain({ ...queues, 'Ip.OutNoRoutes': 500 })).toMatchObject({ events: 20 })
    expect(
      explain({ 'TcpExt.ListenOverflows': 12, 'TcpExt.ListenDrops': 12, 'Ip.OutNoRoutes': 9 })
    ).toBeNull()
  })

  it('are not blamed on a host that could not reach other hosts, or that the dial cannot inspect', () => {
    expect(explain({ 'Ip.OutNoRoutes': 500 })).toBeNull()
    const deltas = rose({ 'TcpExt.ListenDrops': 120, 'Ip.OutNoRoutes': 120 })
    expect(noRouteBack.explain?.(explaining({ deltas }))).toBeNull()
  })
})

describe('dropped SYNs that no other counter explains', () => {
  const unexplained = { 'TcpExt.ListenDrops': 180, 'Ip6.InReceives': 200 }

  it('are a guess at a missing route back, unless they are few', () => {
    expect(explain(unexplained)).toMatchObject({ severity: 'info', events: 0 })
    expect(explain({ 'TcpExt.ListenDrops': 7, 'Ip6.InReceives': 200 })).toBeNull()
    expect(explain({ ...unexplained, 'Tcp.PassiveOpens': 100_000 })).toBeNull()
  })

  it('are blamed on a SYN queue at tcp_max_syn_backlog when connections are half-open', () => {
    const tcp = { syncookies: 0, maxSynBacklog: 64 }
    const named = (halfOpen: number) => {
      const context = watching({
        deltas: rose(unexplained),
        facts: { tcp },
        halfOpenPeak: halfOpen
      })
      return [noRouteBack.explain?.(context)?.severity, synQueueOverflow.explain?.(context)?.severity]
    }
    // Measured: 49 of 64.
    expect(named(49)).toEqual([undefined, 'warning'])
    expect(named(2)).toEqual(['info', undefined])
  })

  it('are blamed on the SYN queue over IPv4, which counts missing routes', () => {
    const overIpv4 = (syncookies: number) => {
      const context = watching({
        deltas: rose({ 'TcpExt.ListenDrops': 180, 'Ip6.InReceives': 3 }),
        facts: { tcp: { syncookies, maxSynBacklog: 64 } },
        halfOpenPeak: 2
      })
      return [noRouteBack.explain?.(context)?.severity, synQueueOverflow.explain?.(context)?.severity]
    }
    expect(overIpv4(0)).toEqual([undefined, 'warning'])
    expect(overIpv4(1)).toEqual([undefined, undefined])
  })

  it('leave both causes open when half-open connections cannot be counted', () => {
    const context = { facts: { tcp: { syncookies: 0 } } }
    expect(explain(unexplained, context)?.title).toContain('or like a SYN queue that was full')
    expect(synQueueOverflow.explain?.(watching({ deltas: rose(unexplained), ...context }))).toBeNull()
  })
})

import { describe, expect, it } from 'vitest'
import { noRouteBack } from '../../../../lib/checks/causes/no_route_back.js'
import { synQueueOverflow } from '../../../../lib/checks/causes/syn_queue_overflow.js'
import { explaining, rose, watching } from '../fixtures.js'

const explain = (deltas: Parameters<typeof rose>[0], changes: Parameters<typeof watching>[0] = {}) =>
  noRouteBack.explain?.(watching({ deltas: rose(deltas), ...changes }))

describe('dropped SYNs', () => {
  it('are named where the lookup of the route failed as often', () => {
    for (const counter of ['Ip.OutNoRoutes', 'Ip6.OutNoRoutes'] as const)
      expect(explain({ 'TcpExt.ListenDrops': 120, [counter]: 120 })).toMatchObject({
        severity: 'warning',
        side: 'server',
        events: 120
      })
  })

  it('are a note where they are few, or few beside the connections that were opened', () => {
    expect(explain({ 'TcpExt.ListenDrops': 3, 'Ip.OutNoRoutes': 3 })).toMatchObject({ severity: 'info' })
    const counted = { 'TcpExt.ListenDrops': 50, 'Ip.OutNoRoutes': 50, 'Tcp.PassiveOpens': 10_000 }
    expect(explain(counted)).toMatchObject({ severity: 'info' })
  })

  it('are no more than those which full queues do not account for', () => {
    const queues = { 'TcpExt.ListenDrops': 900, 'TcpExt.ListenOverflows': 400, 'TcpExt.TCPReqQFullDrop': 480 }
    expect(explain({ ...queues, 'Ip.OutNoRoutes': 500 })).toMatchObject({ events: 20 })
    expect(
      explain({ 'TcpExt.ListenOverflows': 12, 'TcpExt.ListenDrops': 12, 'Ip.OutNoRoutes': 9 })
    ).toBeNull()
  })

  it('are not named of a host that failed to reach others, nor of one that the dial cannot look into', () => {
    expect(explain({ 'Ip.OutNoRoutes': 500 })).toBeNull()
    const deltas = rose({ 'TcpExt.ListenDrops': 120, 'Ip.OutNoRoutes': 120 })
    expect(noRouteBack.explain?.(explaining({ deltas }))).toBeNull()
  })
})

describe('dropped SYNs that no counter explains', () => {
  const unexplained = { 'TcpExt.ListenDrops': 180, 'Ip6.InReceives': 200 }

  it('are a guess, unless they are few', () => {
    expect(explain(unexplained)).toMatchObject({ severity: 'info', events: 0 })
    expect(explain({ 'TcpExt.ListenDrops': 7, 'Ip6.InReceives': 200 })).toBeNull()
    expect(explain({ ...unexplained, 'Tcp.PassiveOpens': 100_000 })).toBeNull()
  })

  it('are told from a SYN queue at tcp_max_syn_backlog by the connections that are half-open', () => {
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

  it('are the SYN queue where they came over IPv4, of which a missing route is counted', () => {
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

  it('leave both open where the half-open connections cannot be counted', () => {
    const context = { facts: { tcp: { syncookies: 0 } } }
    expect(explain(unexplained, context)?.title).toContain('or like a SYN queue that was full')
    expect(synQueueOverflow.explain?.(watching({ deltas: rose(unexplained), ...context }))).toBeNull()
  })
})

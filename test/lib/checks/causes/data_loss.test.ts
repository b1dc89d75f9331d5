import { describe, expect, it } from 'vitest'
import { dataLoss } from '../../../../lib/checks/causes/data_loss.js'
import { noEndings } from '../../../../lib/checks/context.js'
import { ended, explaining, latency, rose, run, talking } from '../fixtures.js'

const judge = (sent: number, again: number) =>
  dataLoss.explain?.(talking([], { endings: { ...noEndings, loss: { sent, again } } }))

function churning(p99: number, rises: Parameters<typeof rose>[0]) {
  const context = talking([])
  const churn = {
    transactions: 10_000,
    transactionsPerSecond: 1000,
    timeWait: { before: 0, peak: 0, after: 0 },
    endedEarly: false,
    tupleRestSeconds: null
  }
  return dataLoss.explain?.(
    explaining({
      run: run({ churn, exchange: context.run?.exchange ?? null, exchangeLatency: latency({ p99 }) }),
      deltas: rose(rises)
    })
  )
}

describe('data-loss', () => {
  it('names the share of segments that were sent again, from one in a hundred up', () => {
    expect(judge(10_000, 400)).toMatchObject({
      severity: 'info',
      side: 'path',
      title: '400 of 10,000 segments (4 %) were lost on established connections and sent again'
    })
    expect(judge(10_000, 600)?.severity).toBe('warning')
    expect(judge(10_000, 99)).toBeNull()
    expect(judge(100, 9)).toBeNull()
  })

  it('is not reported when another finding explains the loss', () => {
    const early = [ended('oversized', 200)]
    const context = talking(early, { endings: { ...noEndings, early, loss: { sent: 10_000, again: 400 } } })
    expect(dataLoss.explain?.(context)).toBeNull()
  })

  it('judges a churn by the counters of the namespace, without SYNs and spurious retransmits', () => {
    const rises = { 'Tcp.OutSegs': 50_000, 'Tcp.RetransSegs': 3000, 'TcpExt.TCPSynRetrans': 500 }
    expect(churning(210_000, rises)?.title).toMatch(/^2,500 of 53,000 segments/)
    expect(churning(210_000, { ...rises, 'TcpExt.TCPDSACKRecv': 2400 })).toBeNull()
  })

  it('is silent in a churn with fast exchanges or a small part of the traffic', () => {
    const rises = { 'Tcp.OutSegs': 50_000, 'Tcp.RetransSegs': 3000 }
    expect(churning(20_000, rises)).toBeNull()
    expect(churning(210_000, { ...rises, 'Tcp.OutSegs': 100_000 })).toBeNull()
  })

  it('is silent when the connections were not examined', () => {
    expect(dataLoss.explain?.(talking([], { deltas: rose({ 'Tcp.RetransSegs': 3000 }) }))).toBeNull()
  })
})

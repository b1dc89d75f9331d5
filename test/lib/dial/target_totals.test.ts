import { describe, expect, it } from 'vitest'
import { targetTotals } from '../../../lib/dial/target_totals.js'

const counts = (established: number, failed = 0, closedByPeer = 0, exchangesFailed = 0) => {
  return { established, failed, closedByPeer, exchangesFailed }
}

describe('targetTotals', () => {
  it('sorts the endpoints with the most failures first, the others in their order', () => {
    const totals = targetTotals([counts(5), counts(4, 1), counts(5), counts(5, 0, 1, 1)], (i) => `:${i}`)
    expect(totals.map(({ target }) => target)).toEqual([':3', ':1', ':0', ':2'])
    expect(totals[1]).toEqual({ target: ':1', ...counts(4, 1) })
  })

  it('keeps a thousand endpoints', () => {
    const many = Array.from({ length: 1500 }, (_, i) => counts(1, i === 1499 ? 1 : 0))
    const totals = targetTotals(many, (i) => `:${i}`)
    expect(totals).toHaveLength(1000)
    expect(totals[0]?.target).toBe(':1499')
  })
})

import { describe, expect, it } from 'vitest'
import { targetLines } from '../../../lib/report/target_text.js'
import type { TargetTotals } from '../../../lib/result/result.js'

const target = (changes: Partial<TargetTotals> = {}): TargetTotals => {
  return {
    target: '127.0.0.1:80',
    established: 5,
    failed: 0,
    closedByPeer: 0,
    exchangesFailed: 0,
    ...changes
  }
}

describe('targetLines', () => {
  it('returns nothing for a single endpoint', () => {
    expect(targetLines([])).toEqual([])
    expect(targetLines([target({ failed: 3 })])).toEqual([])
  })

  it('names endpoints with failures, and summarizes the rest', () => {
    const lines = targetLines([
      target({ target: '127.0.0.1:8', established: 0, failed: 1000 }),
      target({ exchangesFailed: 1, closedByPeer: 2 }),
      target(),
      target({ established: 6 })
    ])
    expect(lines).toEqual([
      '127.0.0.1:8   0 established  1,000 failed',
      '127.0.0.1:80  5 established  1 exchange failed, 2 closed by the peer',
      '2 endpoints without failures: 5 to 6 established each'
    ])
  })

  it('counts the endpoints with failures that it does not list', () => {
    const lines = targetLines(Array.from({ length: 10 }, () => target({ failed: 1 })))
    expect(lines).toHaveLength(9)
    expect(lines.at(-1)).toBe('and 2 other endpoints with failures')
  })
})

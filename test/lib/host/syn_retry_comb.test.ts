import { describe, expect, it } from 'vitest'
import { classifyLatencies, looksLikeSynLoss, synRetrySchedule } from '../../../lib/host/syn_retry_comb.js'

const linear = synRetrySchedule({ linearTimeouts: 4 })
const doubling = synRetrySchedule({ linearTimeouts: null })

describe('synRetrySchedule', () => {
  it('is linear, then doubles, since kernel 6.5', () => {
    expect(linear).toEqual({ retries: [1, 2, 3, 4, 5, 7, 11, 19, 35, 67], giveUp: 131 })
  })

  it('doubles at once before kernel 6.5', () => {
    expect(doubling).toEqual({ retries: [1, 3, 7, 15, 31, 63], giveUp: 127 })
    expect(synRetrySchedule({ linearTimeouts: 0 })).toEqual(doubling)
  })

  // Measured with TCP_SYNCNT on 6.18: 2 retransmits and ETIMEDOUT after 3.06 s, 5 and 7.14 s.
  it.each([
    [1, [1, 2], 3],
    [2, [1, 2, 3, 4, 5], 7]
  ])('ends early with %i retries', (retries, moments, giveUp) => {
    expect(synRetrySchedule({ retries, linearTimeouts: 4 })).toEqual({ retries: moments, giveUp })
  })

  it('does not double beyond two minutes', () => {
    expect(synRetrySchedule({ retries: 8, linearTimeouts: null }).retries).toEqual([
      1, 3, 7, 15, 31, 63, 127, 247
    ])
  })
})

describe('classifyLatencies', () => {
  // Delays measured on 6.18 under a firewall that dropped every SYN.
  it('recognizes late timers at the retry times', () => {
    const seconds = [1.1, 2.1, 3.1, 4.1, 5.1, 7.2, 11.4, 19.7, 35.7, 68.3]
    const comb = classifyLatencies(
      seconds.map((second) => ({ us: second * 1e6, count: 1 })),
      linear
    )
    expect(comb.teeth.map(({ retries }) => retries)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
    expect(comb.between).toBe(0)
  })

  it('distinguishes the kernel versions', () => {
    const twoSeconds = [{ us: 2_100_000, count: 9 }]
    expect(classifyLatencies(twoSeconds, linear).teeth).toEqual([{ retries: 2, atSeconds: 2, count: 9 }])
    expect(classifyLatencies(twoSeconds, doubling)).toMatchObject({ teeth: [], between: 9 })
  })

  it('counts connections without a retry separately', () => {
    const latencies = [
      { us: 400, count: 1000 },
      { us: 999_999, count: 1 },
      { us: 1_020_000, count: 25 },
      { us: 2_500_000, count: 3 }
    ]
    expect(classifyLatencies(latencies, linear)).toEqual({
      beforeFirstRetry: 1001,
      teeth: [{ retries: 1, atSeconds: 1, count: 25 }],
      between: 3
    })
  })

  it('widens the retry times by the round trip', () => {
    const slow = [{ us: 1_450_000, count: 1 }]
    expect(classifyLatencies(slow, linear).between).toBe(1)
    expect(classifyLatencies(slow, linear, 300_000).teeth).toHaveLength(1)
  })
})

describe('looksLikeSynLoss', () => {
  it('requires most of the slow connections at retry times', () => {
    const tooth = { retries: 1, atSeconds: 1, count: 8 }
    expect(looksLikeSynLoss({ beforeFirstRetry: 0, teeth: [tooth], between: 2 })).toBe(true)
    expect(looksLikeSynLoss({ beforeFirstRetry: 0, teeth: [tooth], between: 3 })).toBe(false)
    expect(looksLikeSynLoss({ beforeFirstRetry: 5, teeth: [], between: 0 })).toBe(false)
  })
})

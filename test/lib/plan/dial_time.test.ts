import { describe, expect, it } from 'vitest'
import { planTime, secondsToStart } from '../../../lib/plan/dial_time.js'
import { resolveRamp } from '../../../lib/scenario/ramp.js'
import { scenario } from '../checks/fixtures.js'

describe('secondsToStart', () => {
  it.each([
    ['0:50k/s', 1_000_000, 20],
    // 10k t + 190k/30/2 t^2; then 30 s at 105k/s on average, and the rest at 200k/s.
    ['0:10k/s,30s:200k/s', 1_000_000, 16.26],
    ['0:10k/s,30s:200k/s', 3_150_000, 30],
    ['0:10k/s,30s:200k/s', 4_150_000, 35],
    // The rate falls to zero and stays there: 5,000, and the rise to 1,000/s brings the other 500.
    ['0:1k/s,10s:0/s,20s:0/s,21s:1k/s', 5_000, 10],
    ['0:1k/s,10s:0/s,20s:0/s,21s:1k/s', 5_500, 21]
  ])('for the ramp %s and %i connections is exact', (ramp, count, seconds) => {
    expect(secondsToStart(count, resolveRamp(ramp))).toBeCloseTo(seconds, 2)
  })
})

describe('planTime', () => {
  it('uses the rate and the hold, and says whether it is a bound', () => {
    const paced = scenario({ rate: resolveRamp('0:500/s'), holdMs: 60_000, durationMs: 30_000 })
    expect(planTime(paced, 4, false)).toEqual({
      dialSeconds: 20,
      atBestSeconds: 0.0125,
      holdSeconds: 60,
      boundSeconds: 30
    })
  })

  it('knows only a lower bound from these CPUs without a rate', () => {
    expect(planTime(scenario({ workers: 2 }), 4, true)).toEqual({
      dialSeconds: null,
      atBestSeconds: 0.05,
      holdSeconds: 0,
      boundSeconds: null
    })
    expect(planTime(scenario({ workers: 8 }), null, true).atBestSeconds).toBe(0.0125)
  })
})

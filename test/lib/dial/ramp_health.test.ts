import { describe, expect, it } from 'vitest'
import { RampHealth } from '../../../lib/dial/ramp_health.js'

const counters = {
  attempted: 100,
  established: 100,
  failed: 0,
  connectionsWithSynRetry: 0,
  dialedClosedByPeer: 0
}
const health = ({ churn = false } = {}) => new RampHealth({ window: 64, churn })

describe('RampHealth', () => {
  it('is good while connections are being established', () => {
    const ramp = health()
    expect(ramp.isGood(counters)).toBe(true)
    expect(ramp.isGood(counters)).toBe(false)
    expect(ramp.isGood({ ...counters, attempted: 140, established: 140 })).toBe(true)
  })

  it('is not good once one failed or needed a second SYN', () => {
    expect(health().isGood({ ...counters, failed: 1 })).toBe(false)
    expect(health().isGood({ ...counters, connectionsWithSynRetry: 1 })).toBe(false)
    expect(health().isGood({ ...counters, dialedClosedByPeer: 1 })).toBe(false)
  })

  it('is not good when half the window is waiting', () => {
    expect(health().isGood({ ...counters, attempted: 132 })).toBe(true)
    expect(health().isGood({ ...counters, attempted: 133 })).toBe(false)
  })

  it('accepts that a churn closes connections', () => {
    expect(health({ churn: true }).isGood({ ...counters, dialedClosedByPeer: 50 })).toBe(true)
  })
})

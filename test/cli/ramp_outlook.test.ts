import { describe, expect, it } from 'vitest'
import { RampOutlook } from '../../lib/cli/ramp_outlook.js'
import type { Snapshot } from '../../lib/dial/snapshot.js'

const silent = { connections: 1_000_000, window: 1024, connectTimeoutMs: 5000 }

/** A ramp at `tSeconds`: what was started, what waits, and how much of the rest failed. */
function moment(
  tSeconds: number,
  attempted: number,
  inFlight: number,
  failed = 0,
  code = 'ETIMEDOUT'
): Snapshot {
  const errors =
    failed === 0 ? [] : [{ phase: code === 'ETIMEDOUT' ? 'timeout' : 'connect', code, count: failed }]
  return { tSeconds, attempted, inFlight, failed, connectsPerSecond: 0, errors } as unknown as Snapshot
}

describe('a ramp that is answered', () => {
  it('takes as long as its rate of the last seconds says, failures included', () => {
    const outlook = new RampOutlook({ connections: 10_000 })
    outlook.partsOf(moment(1, 1000, 0))
    outlook.partsOf(moment(2, 1500, 0, 250, 'ECONNREFUSED'))
    expect(outlook.partsOf(moment(3, 2000, 0, 500, 'ECONNREFUSED'))).toEqual({
      left: '16s left',
      silence: '',
      million: ''
    })
  })

  it('is not said to take long because one interval brought nothing', () => {
    const outlook = new RampOutlook(silent)
    outlook.partsOf(moment(1, 200_000, 0))
    outlook.partsOf(moment(2, 400_000, 0))
    expect(outlook.partsOf(moment(2.125, 401_024, 1024)).silence).toBe('')
  })

  it('has nothing to say once all is done', () => {
    expect(new RampOutlook({ connections: 10 }).partsOf(moment(1, 10, 0))).toMatchObject({ left: '' })
  })
})

describe('a ramp that nothing answers', () => {
  it('takes a timeout for each window of handshakes', () => {
    const outlook = new RampOutlook(silent)
    expect(outlook.partsOf(moment(0.5, 1024, 1024))).toEqual({ left: '', silence: '', million: '' })
    expect(outlook.partsOf(moment(2, 1024, 1024))).toEqual({
      left: '1h 21m left',
      silence: 'nothing answers',
      million: ''
    })
    // Of ten windows the last one holds fewer: 46 s after 4 s, 41 s after 9 s.
    const smaller = new RampOutlook({ ...silent, connections: 10_000 })
    expect(smaller.partsOf(moment(4, 1024, 1024)).left).toBe('46s left')
    expect(smaller.partsOf(moment(9, 2048, 1024, 1024)).left).toBe('41s left')
  })

  it('says what a million would take', () => {
    const outlook = new RampOutlook({ ...silent, connections: 10_000 })
    expect(outlook.partsOf(moment(2, 1024, 1024)).million).toBe('1m would take 1h 21m')
  })

  it('gives up when the kernel does, where that is earlier', () => {
    const outlook = new RampOutlook({ ...silent, connections: 10_240, synRetries: 1 })
    expect(outlook.partsOf(moment(3, 1024, 1024)).left).toBe('30s left')
  })

  it('takes as long as its rate says where that is slower', () => {
    const outlook = new RampOutlook({ ...silent, connections: 1000, rate: [{ atMs: 0, perSecond: 10 }] })
    expect(outlook.partsOf(moment(2, 20, 20)).left).toBe('1m 43s left')
  })

  it('that was answered before says for how long it has not been', () => {
    const outlook = new RampOutlook({ ...silent, connections: 100_000 })
    outlook.partsOf(moment(1, 65_000, 0))
    expect(outlook.partsOf(moment(5, 66_024, 1024)).silence).toBe('no answer for 4s')
  })

  it('is not one that is refused', () => {
    const outlook = new RampOutlook(silent)
    outlook.partsOf(moment(1, 1000, 0, 1000, 'ECONNREFUSED'))
    expect(outlook.partsOf(moment(3, 3010, 10, 3000, 'ECONNREFUSED'))).toEqual({
      left: '16m 37s left',
      silence: '',
      million: ''
    })
  })
})

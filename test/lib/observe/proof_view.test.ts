import { describe, expect, it } from 'vitest'
import type { NativeProof } from '../../../lib/engine/native_run.js'
import { aliveOf, believed, extrapolated, unproven } from '../../../lib/observe/proof_view.js'

const sums = (changes: Partial<NativeProof>): NativeProof => ({
  read: 1000,
  proven: 0,
  late: 0,
  sent: 0,
  resent: 0,
  waiting: 0,
  silent: 0,
  neverHeard: 0,
  zeroWindow: 0,
  repeating: 0,
  repeatingProven: 0,
  repeats: 0,
  healed: 0,
  ended: 0,
  longestSilenceMs: 0,
  ...changes
})

describe('believed', () => {
  it('treats silent connections as dead when the others answer at once, or none answers', () => {
    expect(believed(sums({ proven: 990, silent: 10 }), 0).silent).toBe(10)
    expect(believed(sums({ silent: 1000 }), 0).silent).toBe(1000)
    expect(believed(sums({ proven: 500, late: 5, silent: 500 }), 0).silent).toBe(500)
  })

  it('treats silent connections as packet loss when as many answer late as lose a packet', () => {
    expect(believed(sums({ proven: 992, late: 198, silent: 8, neverHeard: 8 }), 0)).toMatchObject({
      silent: 0,
      neverHeard: 0
    })
    expect(believed(sums({ proven: 800, late: 160, silent: 200 }), 0).silent).toBe(200)
  })

  it('takes silence for loss where other connections retransmit as much', () => {
    // A third of the segments is lost: of the time that connections wait, the fifth try takes three tenths.
    const lossy = sums({ read: 100, proven: 93, sent: 3000, resent: 1000, silent: 4 })
    expect(believed(lossy, 0).silent).toBe(0)
    // One in a hundred leaves hardly any waiting so long.
    expect(believed({ ...lossy, resent: 30 }, 0).silent).toBe(4)
  })

  it('treats segments as SYN-ACKs up to the number that was counted', () => {
    const repeated = sums({ proven: 500, repeating: 400, repeatingProven: 390, repeats: 1200 })
    expect(believed(repeated, 1200)).toMatchObject({ proven: 500, repeating: 400 })
    expect(believed(repeated, 400)).toMatchObject({ proven: 890, repeating: 0 })
    expect(believed({ ...repeated, healed: 800 }, 1200)).toMatchObject({ proven: 500, repeating: 0 })
  })
})

it('aliveOf counts the proven, the disproved and the unknown connections', () => {
  const view = { ...unproven, by: 'probe' as const, probed: 1000, of: 10_000, proven: 940 }
  expect(aliveOf({ ...view, silent: 10, repeating: 20, unknownToPeer: 25, gone: 5 })).toEqual({
    by: 'probe',
    probed: 1000,
    proven: 940,
    disproved: 60,
    unknown: 9000
  })
  expect(aliveOf({ ...unproven, of: 10 })).toEqual({
    by: 'none',
    probed: 0,
    proven: 0,
    disproved: 0,
    unknown: 10
  })
})

it('aliveOf extrapolates a sample to all connections', () => {
  expect(extrapolated(10, { probed: 1000, of: 10_000 })).toBe(100)
  expect(extrapolated(10, { probed: 1000, of: 1000 })).toBe(10)
  expect(extrapolated(10, { probed: 0, of: 1000 })).toBe(10)
})

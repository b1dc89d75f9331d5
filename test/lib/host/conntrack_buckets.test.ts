import { describe, expect, it } from 'vitest'
import {
  bucketsFor,
  chainBound,
  chainLoad,
  entriesWithin,
  refusedShare
} from '../../../lib/host/conntrack_buckets.js'
import { parseKernelVersion } from '../../../lib/host/kernel.js'

const loose = { min: 50, max: 79 }
const tight = { min: 8, max: 31 }

describe('refusedShare', () => {
  // Rows: connections 250k, 500k, 1 M, 2 M.
  it.each([
    [16_384, loose, [4e-5, 0.48, 1, 1]],
    [65_536, loose, [0, 0, 4e-5, 0.48]],
    [262_144, loose, [0, 0, 0, 0]],
    [65_536, tight, [0.044, 0.35, 0.94, 1]],
    [262_144, tight, [3e-6, 0.0007, 0.044, 0.35]]
  ])('matches the measured shares with %i buckets and bound %j', (buckets, bound, expected) => {
    const shares = [250e3, 500e3, 1e6, 2e6].map((entries) => refusedShare(chainLoad(entries, buckets), bound))
    for (const [index, share] of shares.entries()) {
      const wanted = expected[index] ?? Number.NaN
      // The table is rounded to one or two digits.
      if (wanted === 0) expect(share).toBeLessThan(1e-9)
      else expect(Math.abs(share / wanted - 1)).toBeLessThan(0.1)
    }
  })

  it('works at loads where exp(-load) is 0', () => {
    expect(refusedShare(2000, loose)).toBe(1)
  })

  it('is zero for an empty table', () => {
    expect(refusedShare(0, tight)).toBe(0)
  })

  it('agrees with the limits and loads of the commit that loosened the bound', () => {
    // "With a limit of 16, we reach load factors of 3 ... 50 -> 24": there the first insert of a filling table fails.
    for (const [limit, load] of [
      [16, 3],
      [32, 11],
      [50, 24]
    ] as const) {
      const share = refusedShare(load, { min: limit, max: limit })
      expect(share).toBeGreaterThan(1e-9)
      expect(share).toBeLessThan(1e-4)
    }
  })
})

describe('chainBound', () => {
  it.each([
    ['5.14.21', null],
    ['5.15.0-97-generic', { ...tight, certain: false }],
    ['5.15.102', { ...tight, certain: true }],
    ['5.15.103', { ...loose, certain: true }],
    ['5.19.17', { ...tight, certain: true }],
    ['6.1.19', { ...tight, certain: true }],
    ['6.1.20', { ...loose, certain: true }],
    ['6.2.7', { ...loose, certain: true }],
    ['6.3.0', { ...loose, certain: true }],
    ['6.18.44', { ...loose, certain: true }]
  ])('is known for %s', (release, expected) => {
    const version = parseKernelVersion(release)
    expect(version && chainBound(version)).toEqual(expected)
  })
})

describe('entriesWithin', () => {
  it('is the number of entries at which the share is reached', () => {
    const entries = entriesWithin(0.01, 65_536, tight)
    expect(refusedShare(chainLoad(entries, 65_536), tight)).toBeLessThanOrEqual(0.01)
    expect(refusedShare(chainLoad(entries + 1, 65_536), tight)).toBeGreaterThan(0.01)
  })
})

describe('bucketsFor', () => {
  it.each([
    [1_000_000, 1_048_576],
    [1_048_576, 1_048_576],
    [1_048_577, 2_097_152],
    [0, 1024]
  ])('is large enough for %i entries', (entries, buckets) => {
    expect(bucketsFor(entries)).toBe(buckets)
    expect(refusedShare(chainLoad(entries, buckets), tight)).toBeLessThan(1e-5)
  })
})

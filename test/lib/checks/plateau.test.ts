import { describe, expect, it } from 'vitest'
import { descriptorShape, plateauOf, portRangeShape } from '../../../lib/checks/plateau.js'
import { plateauSeries, point, run } from './fixtures.js'

const missed = { requested: 20_000, attempted: 12_000, established: 10_000, peak: 10_000 }

describe('plateauOf', () => {
  it('finds where a run stopped', () => {
    expect(plateauOf(run({ connections: missed, series: plateauSeries(10_000) }))).toEqual({
      held: 10_000,
      flatSeconds: 9
    })
  })

  it.each([
    ['a run that was getting on', { connections: missed }],
    ['a goal that was met', { series: plateauSeries(10_000) }],
    [
      'a stutter at the end',
      { connections: missed, series: [point(1, 5000), point(9.5, 10_000), point(10, 10_000)] }
    ],
    ['connections that went away again', { connections: missed, series: [point(1, 10_000), point(9, 4000)] }],
    ['nothing held', { connections: missed, series: plateauSeries(0) }],
    ['no series', { connections: missed, series: [] }]
  ])('makes none of %s', (_, changes) => {
    expect(plateauOf(run(changes))).toBeNull()
  })
})

describe('shapes', () => {
  it('reads a power of two less a few', () => {
    expect(descriptorShape(1013)).toEqual({ limit: 1024, others: 11, queued: 0 })
    expect(descriptorShape(65_536 - 9 + 4097)).toEqual({ limit: 65_536, others: 9, queued: 4097 })
  })

  it.each([1024, 1023, 900, 3, 100_000])('does not read %i so', (held) => {
    expect(descriptorShape(held)).toBeNull()
  })

  it('reads multiples of a port range', () => {
    expect([28_232, 28_200, 56_464, 30_000, 100].map(portRangeShape)).toEqual([1, 1, 2, null, null])
  })
})

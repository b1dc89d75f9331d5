import { describe, expect, it } from 'vitest'
import {
  descriptorShape,
  keptOf,
  plateauOf,
  portRangeShape,
  roundShape
} from '../../../lib/checks/plateau.js'
import { plateauSeries, point, run } from './fixtures.js'

const missed = { requested: 20_000, attempted: 12_000, established: 10_000, peak: 10_000 }

describe('plateauOf', () => {
  it('finds the number at which a run stopped', () => {
    expect(plateauOf(run({ connections: missed, series: plateauSeries(10_000) }))).toEqual({
      held: 10_000,
      flatSeconds: 9
    })
  })

  it('tolerates a few lost packets on the way', () => {
    const retransmits = { syn: 40, connectionsWithSynRetry: 40 }
    expect(plateauOf(run({ connections: missed, series: plateauSeries(10_000), retransmits }))).toMatchObject(
      { held: 10_000 }
    )
  })

  it.each([
    ['a run that made progress', { connections: missed }],
    ['a goal that was met', { series: plateauSeries(10_000) }],
    [
      'a stutter at the end',
      { connections: missed, series: [point(1, 5000), point(9.5, 10_000), point(10, 10_000)] }
    ],
    [
      'connections that were closed again',
      { connections: missed, series: [point(1, 10_000), point(9, 4000)] }
    ],
    ['a run that held nothing', { connections: missed, series: plateauSeries(0) }],
    ['a run without a series', { connections: missed, series: [] }],
    [
      // Measured: 30 % of the SYNs of 1,000 lost, given up after 8 s, timers that double: 24 never got through.
      'loss that repeated SYNs get through',
      {
        connections: { requested: 1000, attempted: 1000, established: 976, failed: 24, peak: 976 },
        retransmits: { syn: 370, connectionsWithSynRetry: 279 },
        timing: { dialSeconds: 8 },
        series: [point(0.05, 702), point(1.1, 912), point(3.1, 976), point(8, 976)]
      }
    ],
    [
      'failures during the whole run',
      {
        connections: { requested: 1000, attempted: 1000, established: 900, failed: 100, peak: 900 },
        series: [{ ...point(1, 450), failed: 50 }, { ...point(2, 900), failed: 100 }, point(10, 900)]
      }
    ]
  ])('finds none for %s', (_, changes) => {
    expect(plateauOf(run(changes))).toBeNull()
  })
})

describe('keptOf', () => {
  const all = { requested: 400, attempted: 400, established: 400, peak: 400, closedByPeer: 300 }
  const from = (...points: [number, number][]) => points.map(([t, open]) => point(t, open))

  it('finds how many connections a peer kept when it closed the others as they came', () => {
    const series = from([0.1, 100], [0.2, 310], [0.5, 100], [1, 100], [3, 100])
    expect(keptOf(run({ connections: all, series }))).toEqual({ held: 100, flatSeconds: 2.8 })
  })

  it.each([
    ['a peer that closed the others later', all, from([0.1, 400], [2, 400], [2.1, 100], [5, 100])],
    ['a peer that still closes', all, from([0.1, 400], [0.5, 200], [1, 110])],
    ['a moment only', all, from([0.1, 110], [0.4, 100], [0.8, 100])],
    ['a peer that closed all', { ...all, closedByPeer: 400 }, from([0.1, 400], [0.4, 0], [5, 0])],
    ['a peer that closed none', { ...all, closedByPeer: 0 }, from([0.1, 400], [5, 400])]
  ])('finds nothing for %s', (_, connections, series) => {
    expect(keptOf(run({ connections, series }))).toBeNull()
  })
})

describe('shapes', () => {
  it('recognize a common descriptor limit less a few', () => {
    expect(descriptorShape(1013)).toEqual({ limit: 1024, others: 11, queued: 0 })
    expect(descriptorShape(65_536 - 9 + 4097)).toEqual({ limit: 65_536, others: 9, queued: 4097 })
  })

  it.each([1024, 1023, 1000, 976, 2000, 4000, 900, 3, 100_000, 131_060])(
    'do not recognize %i as a descriptor limit',
    (held) => {
      expect(descriptorShape(held)).toBeNull()
    }
  )

  it.each([
    [1000, 1000, 0],
    [999, 1000, 0],
    [2000, 2000, 0],
    [15_000, 15_000, 0],
    [1024, 1024, 0],
    [1000 + 512, 1000, 512],
    // HAProxy, whose backlog is its maxconn.
    [2001, 1000, 1001],
    [5097, 1000, 4097]
  ])('recognize %i as a configured limit', (held, limit, queued) => {
    expect(roundShape(held)).toEqual({ limit, queued })
  })

  it.each([976, 1002, 1013, 1278, 17_577, 28_232])('do not recognize %i as a configured limit', (held) => {
    expect(roundShape(held)).toBeNull()
  })

  it('recognize multiples of a port range', () => {
    expect([28_232, 28_200, 56_464, 30_000, 100].map(portRangeShape)).toEqual([1, 1, 2, null, null])
  })
})

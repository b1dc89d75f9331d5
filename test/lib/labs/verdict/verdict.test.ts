import { describe, expect, it } from 'vitest'
import { judge, shareOfHealthy } from '../../../../lib/labs/verdict/verdict.js'
import { act, broken, healed, observation } from '../fixtures.js'

const expected = 'accept-queue-overflow'

describe('a lab is proven', () => {
  it('when the cause and no other was named, and the remedy healed', () => {
    expect(judge({ expected }, [act(), broken, healed])).toEqual([])
  })

  it('when 90 % of the healthy rate came back', () => {
    expect(judge({ expected }, [act(), broken, { ...healed, promptPerSecond: 450 }])).toEqual([])
  })

  it('in spite of a remark in a network that is well', () => {
    const remark = observation('syn-queue-overflow', 'watch in server', { severity: 'info' })
    expect(judge({ expected }, [act(), broken, { ...healed, observed: [remark] }])).toEqual([])
  })

  it('in spite of a SYN in a hundred that gets lost', () => {
    const stray = { observed: [observation('syn-loss')], named: ['syn-loss' as const] }
    const connections = { ...healed.connections, delayed: 10 }
    expect(judge({ expected }, [act({ ...stray, connections }), broken, healed])).toEqual([])
    expect(judge({ expected }, [act(stray), broken, healed])).toHaveLength(1)
    expect(
      judge({ expected }, [
        act(),
        broken,
        { ...healed, ...stray, connections: { ...connections, delayed: 11 } }
      ])
    ).toEqual(["'backlog 4096' is healthy, but syn-loss was named"])
  })

  it('whatever became of what was only tried', () => {
    const tried = { ...broken, name: 'rfc1337', role: 'tried' as const }
    expect(judge({ expected }, [act(), broken, healed, tried])).toEqual([])
  })

  it('without an incident, when nothing is named', () => {
    expect(judge({ expected: null }, [act()])).toEqual([])
  })
})

describe('a lab is not proven when', () => {
  it.each([
    [
      'the healthy network is not',
      [act({ connections: { ...healed.connections, stood: 999 } })],
      "in 'healthy' only 999 of 1000 connections stood"
    ],
    [
      'something is named in it',
      [act({ observed: [observation('syn-loss')] })],
      "'healthy' is healthy, but syn-loss was named"
    ],
    [
      'the cause is not named',
      [act(), { ...broken, named: [] }],
      "'pausing' did not name accept-queue-overflow"
    ],
    [
      'another is named as well',
      [act(), { ...broken, named: [...broken.named, 'tcp-memory' as const] }],
      "'pausing' named tcp-memory as well"
    ],
    [
      'nothing broke',
      [act(), { ...broken, promptPerSecond: 480 }],
      "'pausing' broke nothing: 96 % of the healthy rate"
    ],
    [
      'the remedy does not heal',
      [act(), broken, { ...healed, promptPerSecond: 440 }],
      "'backlog 4096' restored only 88 % of the healthy rate"
    ]
  ])('%s', (_, acts, failure) => {
    expect(judge({ expected }, acts)).toEqual([failure])
  })
})

it('the share counts how many times the healthy load it was', () => {
  expect(shareOfHealthy(act({ promptPerSecond: 500, times: 2 }), [act()])).toBe(0.5)
})

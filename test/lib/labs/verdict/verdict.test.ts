import { describe, expect, it } from 'vitest'
import { judge, shareOfHealthy } from '../../../../lib/labs/verdict/verdict.js'
import { broken, healed, observation, step } from '../fixtures.js'

const expected = 'accept-queue-overflow'

describe('a lab is proven', () => {
  it('when the cause and no other was named, and the remedy healed', () => {
    expect(judge(expected, [step(), broken, healed])).toEqual([])
  })

  it('when 90 % of the healthy rate came back', () => {
    expect(judge(expected, [step(), broken, { ...healed, promptPerSecond: 450 }])).toEqual([])
  })

  it('in spite of a remark in a network that is well', () => {
    const remark = observation('syn-queue-overflow', 'watch in server', { severity: 'info' })
    expect(judge(expected, [step(), broken, { ...healed, observed: [remark] }])).toEqual([])
  })

  it('in spite of a SYN in a hundred that gets lost', () => {
    const stray = { observed: [observation('syn-loss')], named: ['syn-loss' as const] }
    const connections = { ...healed.connections, delayed: 10 }
    expect(judge(expected, [step({ ...stray, connections }), broken, healed])).toEqual([])
    expect(judge(expected, [step(stray), broken, healed])).toHaveLength(1)
    expect(
      judge(expected, [step(), broken, { ...healed, ...stray, connections: { ...connections, delayed: 11 } }])
    ).toEqual(["'backlog 4096' is healthy, but syn-loss was named"])
  })

  it('whatever became of what was only tried', () => {
    const tried = { ...broken, name: 'rfc1337', role: 'tried' as const }
    expect(judge(expected, [step(), broken, healed, tried])).toEqual([])
  })

  it('without an incident, when nothing is named', () => {
    expect(judge(null, [step()])).toEqual([])
  })
})

describe('a lab is not proven when', () => {
  it.each([
    [
      'the healthy network is not',
      [step({ connections: { ...healed.connections, stood: 999 } })],
      "in 'healthy' only 999 of 1000 connections stood"
    ],
    [
      'something is named in it',
      [step({ observed: [observation('syn-loss')] })],
      "'healthy' is healthy, but syn-loss was named"
    ],
    [
      'the cause is not named',
      [step(), { ...broken, named: [] }],
      "'pausing' did not name accept-queue-overflow"
    ],
    [
      'another is named as well',
      [step(), { ...broken, named: [...broken.named, 'tcp-memory' as const] }],
      "'pausing' named tcp-memory as well"
    ],
    [
      'nothing broke',
      [step(), { ...broken, promptPerSecond: 480 }],
      "'pausing' broke nothing: 96 % of the healthy rate"
    ],
    [
      'the remedy does not heal',
      [step(), broken, { ...healed, promptPerSecond: 440 }],
      "'backlog 4096' restored only 88 % of the healthy rate"
    ]
  ])('%s', (_, steps, failure) => {
    expect(judge(expected, steps)).toEqual([failure])
  })
})

it('the share counts how many times the healthy load it was', () => {
  expect(shareOfHealthy(step({ promptPerSecond: 500, times: 2 }), [step()])).toBe(0.5)
})

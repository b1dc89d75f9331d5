import { describe, expect, it } from 'vitest'
import { judge, shareOfHealthy } from '../../../../lib/labs/verdict/verdict.js'
import { broken, observation, remedied, step } from '../fixtures.js'

const expected = 'accept-queue-overflow'

describe('a lab passes', () => {
  it('when it named the cause and nothing else, and the remedy worked', () => {
    expect(judge(expected, [step(), broken, remedied])).toEqual([])
  })

  it('when a remedy restored 90 % of the healthy rate', () => {
    expect(judge(expected, [step(), broken, { ...remedied, promptPerSecond: 450 }])).toEqual([])
  })

  it('despite an info finding in the healthy network', () => {
    const info = observation('syn-queue-overflow', 'watch in server', { severity: 'info' })
    expect(judge(expected, [step(), broken, { ...remedied, observed: [info] }])).toEqual([])
  })

  it('even if one SYN in a hundred is lost', () => {
    const stray = { observed: [observation('syn-loss')], named: ['syn-loss' as const] }
    const connections = { ...remedied.connections, delayed: 10 }
    expect(judge(expected, [step({ ...stray, connections }), broken, remedied])).toEqual([])
    expect(judge(expected, [step(stray), broken, remedied])).toHaveLength(1)
    expect(
      judge(expected, [
        step(),
        broken,
        { ...remedied, ...stray, connections: { ...connections, delayed: 11 } }
      ])
    ).toEqual(["'backlog 4096' is healthy, but syn-loss was named"])
  })

  it('whatever the effect of a change that is only an experiment', () => {
    const tried = { ...broken, name: 'rfc1337', role: 'tried' as const }
    expect(judge(expected, [step(), broken, remedied, tried])).toEqual([])
  })

  it('when nothing is named in a lab without an incident', () => {
    expect(judge(null, [step()])).toEqual([])
  })
})

describe('a lab fails when', () => {
  it.each([
    [
      'connections fail in the healthy network',
      [step({ connections: { ...remedied.connections, stood: 999 } })],
      "in 'healthy' only 999 of 1000 connections stood"
    ],
    [
      'something is named in the healthy network',
      [step({ observed: [observation('syn-loss')] })],
      "'healthy' is healthy, but syn-loss was named"
    ],
    [
      'the cause is not named',
      [step(), { ...broken, named: [] }],
      "'pausing' did not name accept-queue-overflow"
    ],
    [
      'another cause is named as well',
      [step(), { ...broken, named: [...broken.named, 'tcp-memory' as const] }],
      "'pausing' named tcp-memory as well"
    ],
    [
      'the incident broke nothing',
      [step(), { ...broken, promptPerSecond: 480 }],
      "'pausing' broke nothing: 96 % of the healthy rate"
    ],
    [
      'a remedy does not work',
      [step(), broken, { ...remedied, promptPerSecond: 440 }],
      "'backlog 4096' restored only 88 % of the healthy rate"
    ]
  ])('%s', (_, steps, failure) => {
    expect(judge(expected, steps)).toEqual([failure])
  })
})

it('the share of the healthy rate takes the size of the load into account', () => {
  expect(shareOfHealthy(step({ promptPerSecond: 500, times: 2 }), [step()])).toBe(0.5)
})

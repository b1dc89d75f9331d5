import { describe, expect, it } from 'vitest'
import { ramp, resolveRamp } from '../../../lib/scenario/ramp.js'
import { caught } from '../../helpers/caught.js'

it('resolveRamp reads points of time and rate', () => {
  expect(resolveRamp('0:10k/s,30s:200k/s')).toEqual([
    { atMs: 0, perSecond: 10_000 },
    { atMs: 30_000, perSecond: 200_000 }
  ])
  expect(resolveRamp('0s:0, 500ms:1k, 2m:0.5/s')).toEqual([
    { atMs: 0, perSecond: 0 },
    { atMs: 500, perSecond: 1000 },
    { atMs: 120_000, perSecond: 0.5 }
  ])
  expect(resolveRamp('0:1k')).toEqual([{ atMs: 0, perSecond: 1000 }])
})

it.each([
  ['', "ramp: '' has '' where TIME:RATE is expected"],
  ['10k/s', "ramp: '10k/s' has '10k/s' where TIME:RATE is expected"],
  ['0:1k,', "ramp: '0:1k,' has '' where TIME:RATE is expected"],
  ['0:1k:2k', "ramp: '0:1k:2k' has '0:1k:2k' where TIME:RATE is expected"],
  ['10s:1k', "ramp: '10s:1k' does not say the rate at time 0"],
  ['0:1k,30s:2k,30s:3k', "ramp: '0:1k,30s:2k,30s:3k' goes from 30s to 30s, and times must rise"],
  ['0:1k,2m:2k,30s:3k', "ramp: '0:1k,2m:2k,30s:3k' goes from 2m to 30s, and times must rise"],
  ['0:1k,30s:0', "ramp: '0:1k,30s:0' ends at a rate of zero, which would never finish"],
  ['0:2000m/s', "ramp: '0:2000m/s' has a rate above 1,000,000,000/s"],
  ['0:1k,600h:2k', "ramp: '0:1k,600h:2k' goes on for more than 24 days"],
  ['0:0', "ramp: '0:0' ends at a rate of zero, which would never finish"]
])('resolveRamp refuses %j', (text, message) => {
  expect(caught(() => resolveRamp(text))).toMatchObject({ code: 'C1M_RAMP_INVALID', message, exitCode: 2 })
})

it('resolveRamp says which part of a point is wrong', () => {
  expect(caught(() => resolveRamp('0:1k,30:2k'))).toMatchObject({
    code: 'C1M_DURATION_INVALID',
    message: "ramp time: '30' has no unit"
  })
  expect(caught(() => resolveRamp('0:fast'))).toMatchObject({
    code: 'C1M_RATE_INVALID',
    message: "ramp rate: 'fast' is not a rate"
  })
})

it('tells a comma between points from one that separates thousands', () => {
  expect(resolveRamp('0:10,000,30s:1,500,000/s,1m30s:5e3')).toEqual([
    { atMs: 0, perSecond: 10_000 },
    { atMs: 30_000, perSecond: 1_500_000 },
    { atMs: 90_000, perSecond: 5000 }
  ])
})

describe('a ramp of points', () => {
  const given = (value: unknown) => resolveRamp(ramp('ramp', value))

  it('is the same schedule as its text', () => {
    const points = [
      { atMs: 0, perSecond: 10_000 },
      { atMs: 30_000, perSecond: 200_000 }
    ]
    expect(given(points)).toEqual(resolveRamp('0:10k/s,30s:200k/s'))
    expect(given(points)).not.toBe(points)
  })

  it.each([
    [[], "ramp: '' does not say the rate at time 0"],
    [[{ atMs: 10_000, perSecond: 1000 }], "ramp: '10s:1000/s' does not say the rate at time 0"],
    [
      [
        { atMs: 0, perSecond: 1 },
        { atMs: 0, perSecond: 2.5 }
      ],
      "ramp: '0s:1/s,0s:2.5/s' goes from 0s to 0s, and times must rise"
    ],
    [[{ atMs: 0, perSecond: 2e9 }], "ramp: '0s:2000000000/s' has a rate above 1,000,000,000/s"],
    [[{ atMs: 0, perSecond: 0 }], "ramp: '0s:0/s' ends at a rate of zero, which would never finish"]
  ])('without a valid schedule, %j, is refused like its text', (value, message) => {
    expect(caught(() => given(value))).toMatchObject({
      code: 'C1M_RAMP_INVALID',
      message,
      hint: 'Give points, e.g. [{ atMs: 0, perSecond: 10000 }, { atMs: 30000, perSecond: 200000 }].'
    })
  })

  it.each([
    [5, 'ramp is 5, and must be a text or a list of points'],
    [['0:1k'], "ramp[0] is '0:1k', and must be a point { atMs, perSecond }"],
    [[{ atMs: 0 }], 'ramp[0].perSecond is undefined, and must be zero or more connections per second'],
    [
      [{ atMs: 0, perSecond: '1k' }],
      "ramp[0].perSecond is '1k', and must be zero or more connections per second"
    ],
    [
      [{ atMs: 0.5, perSecond: 1 }],
      'ramp[0].atMs is 0.5, and must be a whole number of milliseconds from 0 to 2,147,483,647'
    ]
  ])('of an invalid type, %j, is refused with the position', (value, message) => {
    expect(caught(() => given(value))).toMatchObject({ code: 'C1M_OPTION_INVALID', message })
  })
})

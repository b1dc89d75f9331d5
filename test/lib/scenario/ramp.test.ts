import { expect, it } from 'vitest'
import { parseRamp } from '../../../lib/scenario/ramp.js'
import { caught } from '../../helpers/caught.js'

it('reads points of time and rate', () => {
  expect(parseRamp('0:10k/s,30s:200k/s')).toEqual([
    { atMs: 0, perSecond: 10_000 },
    { atMs: 30_000, perSecond: 200_000 }
  ])
  expect(parseRamp('0s:0, 500ms:1k, 2m:0.5/s')).toEqual([
    { atMs: 0, perSecond: 0 },
    { atMs: 500, perSecond: 1000 },
    { atMs: 120_000, perSecond: 0.5 }
  ])
  expect(parseRamp('0:1k')).toEqual([{ atMs: 0, perSecond: 1000 }])
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
])('refuses %j', (text, message) => {
  expect(caught(() => parseRamp(text))).toMatchObject({ code: 'C1M_RAMP_INVALID', message, exitCode: 2 })
})

it('says which part of a point is wrong', () => {
  expect(caught(() => parseRamp('0:1k,30:2k'))).toMatchObject({
    code: 'C1M_DURATION_INVALID',
    message: "ramp time: '30' has no unit"
  })
  expect(caught(() => parseRamp('0:fast'))).toMatchObject({
    code: 'C1M_RATE_INVALID',
    message: "ramp rate: 'fast' is not a rate"
  })
})

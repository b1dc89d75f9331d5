import { describe, expect, it } from 'vitest'
import { checkOptions } from '../../../lib/base/check_options.js'
import { natChecks, natNeeds, planNat } from '../../../lib/scenario/nat.js'
import { caught } from '../../helpers/caught.js'

const rates = (...args: Parameters<typeof planNat>) =>
  planNat(...args)?.limits.map(({ rememberedBy, perSecond }) => [rememberedBy, Math.floor(perSecond)])

describe('a NAT with the options of the second incident', () => {
  const natPorts = '2048-65535'

  it.each([
    [{ timeWaitMs: 112_500 }, [['TIME_WAIT', 564]]],
    [{ timeWaitMs: 60_500 }, [['TIME_WAIT', 1049]]],
    [
      { timeWaitMs: 112_500, lvsTimeoutMs: 120_000 },
      [
        ['LVS', 529],
        ['TIME_WAIT', 564]
      ]
    ],
    [
      { timeWaitMs: 60_500, lvsTimeoutMs: 120_000 },
      [
        ['LVS', 529],
        ['TIME_WAIT', 1049]
      ]
    ]
  ])('with %j has the computed rate of reuse', (options, expected) => {
    expect(rates({ natPorts, ...options }, 1)).toEqual(expected)
  })

  it.each([
    ['source addresses', { natSources: 3 }, 1],
    ['destinations', { natDestinations: 3 }, 1],
    ['targets', {}, 3]
  ])('has three times the rate with three %s', (_, options, destinations) => {
    const one = planNat({ natPorts, timeWaitMs: 112_500, lvsTimeoutMs: 120_000 }, 1)
    const three = planNat({ natPorts, timeWaitMs: 112_500, lvsTimeoutMs: 120_000, ...options }, destinations)
    expect(three?.tuples).toBe(3 * 63_488)
    for (const [index, { perSecond }] of (three?.limits ?? []).entries())
      expect(perSecond).toBeCloseTo(3 * (one?.limits[index]?.perSecond ?? Number.NaN), 9)
  })
})

it('planNat is null without any NAT option', () => {
  expect(planNat({}, 20)).toBeNull()
})

it('planNat assumes a NAT for any of its options, with the TIME_WAIT of current kernels', () => {
  expect(planNat({ natSources: 2 }, 20)).toEqual({
    firstPort: 1024,
    lastPort: 65_535,
    ports: 64_512,
    sourceAddresses: 2,
    destinations: 20,
    tuples: 2_580_480,
    limits: [{ rememberedBy: 'TIME_WAIT', lifetimeSeconds: 60, perSecond: 43_008 }]
  })
})

it('natNeeds names what remembers connections longest', () => {
  const nat = planNat({ natPorts: '2048-65535', timeWaitMs: 112_500, lvsTimeoutMs: 120_000 }, 1)
  expect(nat && natNeeds(nat)).toEqual({
    ports: 63_488,
    sourceAddresses: 1,
    destinations: 1,
    rememberedBy: 'LVS',
    lifetimeSeconds: 120
  })
})

it.each([
  [{ natPorts: 'all' }, "natPorts is 'all', and must be FIRST-LAST within 1 and 65,535"],
  [{ natPorts: '2048' }, "natPorts is '2048', and must be FIRST-LAST within 1 and 65,535"],
  [{ natPorts: '0-9' }, "natPorts is '0-9', and must be FIRST-LAST within 1 and 65,535"],
  [{ natPorts: '9-8' }, "natPorts is '9-8', and must be FIRST-LAST within 1 and 65,535"],
  [{ natPorts: '1-65536' }, "natPorts is '1-65536', and must be FIRST-LAST within 1 and 65,535"]
])('planNat refuses %j', (options, message) => {
  expect(caught(() => planNat(options, 1))).toMatchObject({ code: 'C1M_OPTION_INVALID', message })
})

it.each([
  [{ natSources: 0 }, 'natSources is 0, and must be a whole number from 1 to 2,147,483,647'],
  [{ natDestinations: 0.5 }, 'natDestinations is 0.5, and must be a whole number from 1 to 2,147,483,647'],
  [{ timeWaitMs: 0 }, 'timeWaitMs is 0, and must be a whole number of milliseconds from 1 to 2,147,483,647']
])('natChecks refuse %j', (options, message) => {
  const check = () => checkOptions('plan', options, natChecks)
  expect(caught(check)).toMatchObject({ code: 'C1M_OPTION_INVALID', message })
})

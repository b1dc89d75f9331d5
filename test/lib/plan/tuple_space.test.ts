import { expect, it } from 'vitest'
import { planTuples } from '../../../lib/plan/tuple_space.js'
import { planNat } from '../../../lib/scenario/nat.js'
import { scenario } from '../checks/fixtures.js'

it('the tuple space is split into its factors', () => {
  const third = scenario({ shardIndex: 2, shardCount: 3, tuples: 430_080 })
  expect(
    planTuples(third, { keptBack: { reserved: 5, leftToOthers: 7 }, otherSockets: 9, nat: null })
  ).toEqual({
    capacity: 430_080,
    sourceAddresses: 1,
    sourcePorts: 21_504,
    destinations: 20,
    reservedPorts: 5,
    portsLeftToOthers: 7,
    portsOfOtherShards: 43_008,
    natTuples: null,
    otherSockets: 9
  })
})

it('the tuple space is limited by the NAT, but never enlarged by it', () => {
  const bounds = { keptBack: { reserved: 0, leftToOthers: 0 }, otherSockets: null }
  const capacity = (natPorts: string) =>
    planTuples(scenario(), { ...bounds, nat: planNat({ natPorts }, 20) }).capacity
  expect(capacity('2048-4095')).toBe(40_960)
  expect(capacity('1-65535')).toBe(1_290_240)
})

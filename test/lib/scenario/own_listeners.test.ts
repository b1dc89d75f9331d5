import { expect, it } from 'vitest'
import { ownListenersPerLane } from '../../../lib/scenario/own_listeners.js'

it('opens more than one for a lane where bind buckets would outnumber the chains they hang in', () => {
  expect(ownListenersPerLane(1)).toBe(1)
  expect(ownListenersPerLane(65_536)).toBe(1)
  expect(ownListenersPerLane(65_537)).toBe(2)
  expect(ownListenersPerLane(200_000)).toBe(4)
  expect(ownListenersPerLane(1_000_000)).toBe(4)
})

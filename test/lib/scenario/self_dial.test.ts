import { expect, it } from 'vitest'
import { ownListenersPerWorker } from '../../../lib/scenario/self_dial.js'

it('ownListenersPerWorker is above one when bind buckets would outnumber the hash chains', () => {
  expect(ownListenersPerWorker(1)).toBe(1)
  expect(ownListenersPerWorker(65_536)).toBe(1)
  expect(ownListenersPerWorker(65_537)).toBe(2)
  expect(ownListenersPerWorker(200_000)).toBe(4)
  expect(ownListenersPerWorker(1_000_000)).toBe(4)
})

import { expect, it } from 'vitest'
import { downDevice } from '../../../lib/observe/down_device.js'

// What it finds in namespaces with devices that are down: test/e2e/causes/device_down.test.ts.

it('is none on loopback, which is up', () => {
  expect(downDevice([], [])).toBeNull()
  expect(downDevice([{ address: '127.0.0.1' }], [{ first: '127.0.1.1', last: '127.0.1.9' }])).toBeNull()
})

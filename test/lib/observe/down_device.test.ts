import { expect, it } from 'vitest'
import { downDevice } from '../../../lib/observe/down_device.js'
import { target } from '../checks/fixtures.js'

// For namespaces with devices that are down see test/e2e/causes/device_down.test.ts.

it('downDevice is null on loopback, which is up', () => {
  expect(downDevice({ selfDial: true, targets: [] }, [])).toBeNull()
  const dial = { selfDial: false, targets: [{ ...target, address: '127.0.0.1' }] }
  expect(downDevice(dial, [{ first: '127.0.1.1', last: '127.0.1.9' }])).toBeNull()
})

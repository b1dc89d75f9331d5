import { expect, it } from 'vitest'
import { addressOf } from '../../../lib/net/address_bytes.js'

it.each([
  [[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 127, 0, 0, 5], '127.0.0.5'],
  [[0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x1f], 'fd00::1f'],
  [[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], '::1']
])('addressOf writes %j as %s', (bytes, text) => {
  expect(addressOf(Uint8Array.from(bytes))).toBe(text)
})

import { expect, it } from 'vitest'
import { isPeerHere } from '../../../lib/observe/peer_place.js'
import { target } from '../checks/fixtures.js'

const at = (address: string) => ({ ...target, address })

it.each([
  ["the run's own listener", [], true],
  ['loopback', [at('127.0.0.9')], true],
  ['IPv6 loopback', [at('::1')], true],
  ['an address of this host', [at('192.0.2.2')], true],
  ['one of several', [at('192.0.2.9'), at('192.0.2.2')], true],
  ['another host', [at('192.0.2.9')], false]
])('%s', (_, targets, expected) => {
  expect(isPeerHere(targets, ['127.0.0.1', '192.0.2.2'])).toBe(expected)
})

import { expect, it } from 'vitest'
import { icmpMeaning, isHostUnreachable } from '../../../lib/net/icmp_names.js'

it.each([
  [4, 3, 13, 'administratively prohibited'],
  [4, 3, 3, 'port unreachable'],
  [6, 1, 4, 'port unreachable'],
  [6, 1, 0, 'no route'],
  [4, 11, 0, 'time to live exceeded, as in a routing loop'],
  [6, 3, 0, 'time to live exceeded, as in a routing loop'],
  [4, 3, 99, 'type 3 code 99'],
  [6, 4, 1, 'type 4 code 1']
])('the name of IPv%i type %i code %i is %s', (version, type, code, meaning) => {
  expect(icmpMeaning(version, type, code)).toBe(meaning)
})

it('isHostUnreachable recognizes the codes for a host that does not answer', () => {
  expect(isHostUnreachable(4, 3, 1)).toBe(true)
  expect(isHostUnreachable(6, 1, 3)).toBe(true)
  expect(isHostUnreachable(6, 3, 1)).toBe(false)
})

import { expect, it } from 'vitest'
import { target } from '../../../../lib/labs/topologies/lab_addresses.js'

it.each([
  ['198.18.2.2', 1, '198.18.2.2:8100'],
  ['198.18.2.2', 20, '198.18.2.2:8100-8119'],
  ['2001:2::2', 2, '[2001:2::2]:8100-8101']
])('the target of %s with %i ports is %s', (host, ports, expected) => {
  expect(target(host, 8100, ports)).toBe(expected)
})

import { describe, expect, it } from 'vitest'
import type { Target } from '../../../lib/net/targets.js'
import { destination } from '../../../lib/report/destination.js'

const of = (host: string, addresses: string[], otherAddresses: string[] = [], port = 80): Target[] =>
  addresses.map((address) => ({
    host,
    address,
    firstPort: port,
    lastPort: port,
    ...(otherAddresses.length > 0 && { otherAddresses })
  }))

const [a, b, c, d] = ['198.18.0.1', '198.18.0.2', '198.18.0.3', '198.18.0.4'] as const

describe('destination', () => {
  it.each([
    ['an address', of(a, [a]), '198.18.0.1:80'],
    ['a name with one address', of('web', [a]), 'web:80 (198.18.0.1)'],
    ['one address of three', of('web', [a], [b, c]), 'web:80 (198.18.0.1, 1 of 3 addresses)'],
    ['all of two', of('web', [a, b]), 'web:80 (198.18.0.1, 198.18.0.2)'],
    ['two of three', of('web', [a, b], ['fd00::1']), 'web:80 (198.18.0.1, 198.18.0.2, 2 of 3 addresses)'],
    ['all of four', of('web', [a, b, c, d]), 'web:80 (4 addresses)'],
    ['four of five', of('web', [a, b, c, d], ['fd00::1']), 'web:80 (4 of 5 addresses)'],
    ['another spelling of an address', of('::ffff:198.18.0.1', [a]), '[::ffff:198.18.0.1]:80'],
    [
      'two ports of a name',
      [...of('web', [a]), ...of('web', [a], [], 81)],
      'web:80 (198.18.0.1), web:81 (198.18.0.1)'
    ],
    [
      'more than fit',
      [80, 81, 82, 83].flatMap((port) => of(a, [a], [], port)),
      '198.18.0.1:80, 198.18.0.1:81, 198.18.0.1:82 and 1 more'
    ]
  ])('writes %s', (_, targets, text) => {
    expect(destination({ selfDial: false, targets })).toBe(text)
  })
})

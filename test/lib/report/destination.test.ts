import { describe, expect, it } from 'vitest'
import type { Target } from '../../../lib/net/target.js'
import { destination } from '../../../lib/report/destination.js'

const of = (host: string, addresses: string[], port = 80): Target[] =>
  addresses.map((address) => ({ host, address, firstPort: port, lastPort: port }))

const [a, b, c, d] = ['198.18.0.1', '198.18.0.2', '198.18.0.3', '198.18.0.4'] as const

describe('destination', () => {
  it.each<[string, Target[], string, string[]?]>([
    ['an address', of(a, [a]), '198.18.0.1:80'],
    ['a name with one address', of('web', [a]), 'web:80 (198.18.0.1)'],
    ['one of three addresses', of('web', [a]), 'web:80 (198.18.0.1, 1 of 3 addresses)', [b, c]],
    ['all of two addresses', of('web', [a, b]), 'web:80 (198.18.0.1, 198.18.0.2)'],
    [
      'two of three addresses',
      of('web', [a, b]),
      'web:80 (198.18.0.1, 198.18.0.2, 2 of 3 addresses)',
      ['fd00::1']
    ],
    ['all of four addresses', of('web', [a, b, c, d]), 'web:80 (4 addresses)'],
    ['four of five addresses', of('web', [a, b, c, d]), 'web:80 (4 of 5 addresses)', ['fd00::1']],
    ['another spelling of an address', of('::ffff:198.18.0.1', [a]), '[::ffff:198.18.0.1]:80'],
    [
      'two ports of a name',
      [...of('web', [a]), ...of('web', [a], 81)],
      'web:80 (198.18.0.1), web:81 (198.18.0.1)'
    ],
    [
      'more targets than fit',
      [80, 81, 82, 83].flatMap((port) => of(a, [a], port)),
      '198.18.0.1:80, 198.18.0.1:81, 198.18.0.1:82 and 1 more'
    ]
  ])('writes %s', (_, targets, text, others = []) => {
    const otherAddresses = [{ host: 'web', addresses: others }]
    expect(destination({ selfDial: false, targets, otherAddresses })).toBe(text)
  })

  it('reads results of earlier versions', () => {
    expect(destination({ selfDial: false, targets: of('web', [a]) })).toBe('web:80 (198.18.0.1)')
  })
})

import { describe, expect, it } from 'vitest'
import { foldedPorts, portRuns } from '../../../lib/report/port_ranges.js'

describe('foldedPorts', () => {
  it.each<[string[], string[]]>([
    [['0.0.0.0:8101', '0.0.0.0:8100', '0.0.0.0:8102'], ['0.0.0.0:8100-8102']],
    [
      ['0.0.0.0:8100', '0.0.0.0:8102'],
      ['0.0.0.0:8100', '0.0.0.0:8102']
    ],
    [
      ['10.0.0.10:80', '10.0.0.9:80', '10.0.0.9:81'],
      ['10.0.0.9:80-81', '10.0.0.10:80']
    ],
    [['*:8100-8109', '*:8110', '*:8105'], ['*:8100-8110']],
    [['[::1]:8100', '[::1]:8101'], ['[::1]:8100-8101']],
    [['127.0.0.1:9', '127.0.0.1:9'], ['127.0.0.1:9']],
    [
      ['a socket', '127.0.0.1:9'],
      ['127.0.0.1:9', 'a socket']
    ],
    [[], []]
  ])('writes %j as %j', (addresses, ranges) => {
    expect(foldedPorts(addresses)).toEqual(ranges)
  })
})

it('neighboring ports that differ are not one range', () => {
  const items = [
    { address: '0.0.0.0:8100', queued: 0 },
    { address: '0.0.0.0:8101', queued: 9 },
    { address: '0.0.0.0:8102', queued: 0 },
    { address: '0.0.0.0:8103', queued: 0 }
  ]
  const runs = portRuns(
    items,
    ({ address }) => address,
    ({ queued }) => `${queued}`
  )
  expect(runs.map(({ range, members }) => [range, members.length])).toEqual([
    ['0.0.0.0:8100', 1],
    ['0.0.0.0:8101', 1],
    ['0.0.0.0:8102-8103', 2]
  ])
})

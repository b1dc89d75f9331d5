import { expect, it } from 'vitest'
import { icmpSenders } from '../../../lib/observe/icmp_senders.js'

it('ICMP senders are divided into this host, the target and others, most frequent first', () => {
  const error = { version: 4, type: 3, code: 13, count: 1, target: '198.18.1.20:80' }
  const v6 = { ...error, version: 6, type: 1, code: 1, target: '[fd00::2]:80' }
  const senders = icmpSenders(
    [
      { ...error, from: '198.18.1.1' },
      { ...error, from: '198.18.1.20', count: 9 },
      { ...error, from: '198.18.1.2', count: 5 },
      { ...v6, from: 'fd00::2', count: 4 },
      { ...v6, from: 'fd00::', count: 3 }
    ],
    ['198.18.1.1', 'fd00::1']
  )
  expect(senders.map(({ from, place }) => [from, place])).toEqual([
    ['198.18.1.20', 'target'],
    ['198.18.1.2', 'elsewhere'],
    ['fd00::2', 'target'],
    ['fd00::', 'elsewhere'],
    ['198.18.1.1', 'here']
  ])
})

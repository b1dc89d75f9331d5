import { describe, expect, it } from 'vitest'
import { binding, findingLines } from '../../../lib/report/finding_text.js'
import { plain } from '../../../lib/report/paint.js'

it('findingLines shows the finding, its evidence and its remedy', () => {
  const finding = {
    id: 'accept-queue-overflow',
    severity: 'critical' as const,
    side: 'server' as const,
    title: 'the accept queue overflows',
    evidence: [
      { name: 'TcpExt.ListenOverflows', before: 0, after: 1413 },
      { name: 'net.core.somaxconn', before: null, after: '128' }
    ],
    remedy: ['sysctl -w net.core.somaxconn=4096']
  }
  expect(findingLines(finding, plain)).toEqual([
    'critical: the accept queue overflows (server, accept-queue-overflow)',
    '  TcpExt.ListenOverflows 0 -> 1,413',
    '  net.core.somaxconn 128',
    '  remedy: sysctl -w net.core.somaxconn=4096'
  ])
})

describe('binding', () => {
  const at = (...places: (number | null)[]) =>
    binding(places.map((bindsAt) => ({ severity: 'critical', bindsAt }) as never))

  it.each([
    [[5000], '1 limit binds from connection 5,000 on'],
    [[0], '1 limit binds from the start'],
    [[null], '1 limit binds'],
    [[5000, null], '2 limits bind, the first from connection 5,000 on'],
    [[null, null], '2 limits bind']
  ])('describes %j', (places, text) => {
    expect(at(...places)).toBe(text)
  })
})

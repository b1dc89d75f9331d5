import { describe, expect, it } from 'vitest'
import { reversePathFilter } from '../../../../lib/checks/causes/reverse_path_filter.js'
import { sysctl } from '../../../../lib/checks/remedy.js'
import { explaining, linesOf, rose, run, tally, watching } from '../fixtures.js'

const lossy = run({
  connections: { requested: 200, attempted: 200, established: 0, failed: 200, peak: 0 },
  errors: [tally('timeout', 'ETIMEDOUT', 200)]
})
const deltas = rose({ 'TcpExt.IPReversePathFilter': 1000 })

describe('explain', () => {
  it('names strict interfaces and loosens those', () => {
    const facts = { network: { rpFilterAll: 0, rpFilterInterfaces: { eth0: 1, eth1: 2, lo: 1 } } }
    expect(reversePathFilter.explain?.(explaining({ run: lossy, deltas, facts }))).toMatchObject({
      severity: 'critical',
      side: 'client',
      title: expect.stringContaining('(strict on eth0)'),
      remedy: [sysctl('net.ipv4.conf.eth0.rp_filter', 2)]
    })
  })

  it('knows that `all` makes every interface strict but a loose one', () => {
    const facts = { network: { rpFilterAll: 1, rpFilterInterfaces: { eth0: 0, eth1: 2 } } }
    expect(reversePathFilter.explain?.(watching({ deltas, facts }))).toMatchObject({
      side: 'server',
      remedy: [sysctl('net.ipv4.conf.eth0.rp_filter', 2)]
    })
  })

  it('loosens all where interfaces cannot be listed', () => {
    const facts = { network: { rpFilterAll: 1, rpFilterInterfaces: null } }
    expect(linesOf(reversePathFilter.explain?.(explaining({ run: lossy, deltas, facts })))).toEqual([
      'sysctl -w net.ipv4.conf.all.rp_filter=2'
    ])
  })

  it('leaves other traffic alone', () => {
    expect(reversePathFilter.explain?.(explaining({ deltas }))).toBeNull()
  })
})

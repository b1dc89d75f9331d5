import { describe, expect, it } from 'vitest'
import { conntrackChainTooLong } from '../../../../lib/checks/causes/conntrack_chain_too_long.js'
import { explaining, linesOf, predicting, rose, run, tally } from '../fixtures.js'

// Measured with 1024 buckets: one namespace holds 38,458 entries, and in another, with 74, 126 of 200 connects hang.
const neighbour = { count: 74, max: 262_144, buckets: 1024, entriesAllNamespaces: 38_532 }
const measured = run({
  connections: { requested: 200, attempted: 200, established: 74, failed: 126, peak: 74 },
  errors: [tally('timeout', 'ETIMEDOUT', 126)]
})
const counted = rose({ 'Conntrack.chaintoolong': 441, 'Conntrack.insert_failed': 441 })

describe('explain', () => {
  it('names the number of buckets, the load, and that other namespaces fill them', () => {
    const verdict = conntrackChainTooLong.explain?.(
      explaining({ run: measured, facts: { conntrack: neighbour }, deltas: counted })
    )
    expect(verdict).toMatchObject({
      severity: 'critical',
      title:
        'connection tracking dropped 441 packets of new connections because its hash chains are too long: ' +
        '38,532 entries, most of them of other namespaces, in 1,024 buckets make chains of 75.3, and this kernel refuses between 50 and 79'
    })
    expect(verdict?.evidence[0]).toEqual({ name: 'Conntrack.chaintoolong', before: 100, after: 541 })
    expect(linesOf(verdict)).toContain('sysctl -w net.netfilter.nf_conntrack_buckets=65536')
    expect(linesOf(verdict)).toContain("nft 'add rule inet c1m out tcp dport 8100-8119 notrack'")
  })

  it('excludes loopback from tracking, not every port, when the run dials itself', () => {
    const verdict = conntrackChainTooLong.explain?.(
      explaining({
        run: measured,
        scenario: { targets: [] },
        facts: { conntrack: neighbour },
        deltas: counted
      })
    )
    expect(linesOf(verdict)).toContain(
      "nft 'add rule inet c1m pre ip saddr 127.0.0.0/8 ip daddr 127.0.0.0/8 meta l4proto tcp notrack'"
    )
  })

  it('works without values that it may not read', () => {
    const verdict = conntrackChainTooLong.explain?.(
      explaining({
        run: measured,
        facts: { conntrack: { count: null, max: null, buckets: null, entriesAllNamespaces: null } },
        deltas: counted
      })
    )
    expect(verdict?.title).toBe(
      'connection tracking dropped 441 packets of new connections because its hash chains are too long'
    )
  })

  it('is silent for a clash, which does not count as chaintoolong', () => {
    const deltas = rose({ 'Conntrack.insert_failed': 441, 'Conntrack.drop': 441 })
    expect(conntrackChainTooLong.explain?.(explaining({ run: measured, deltas }))).toBeNull()
  })

  it('is silent when this run lost no packet', () => {
    expect(conntrackChainTooLong.explain?.(explaining({ deltas: counted }))).toBeNull()
  })
})

describe('predict', () => {
  const million = { connections: 1_000_000, conntrackEntries: 1_000_000, conntrackEntriesOnHost: 1_000_000 }
  const predict = (conntrack: object, version: [number, number, number] = [6, 18, 44]) => {
    const [major, minor, patch] = version
    const kernel = { release: version.join('.'), version: { major, minor, patch } }
    return conntrackChainTooLong.predict?.(predicting({ needs: million, facts: { conntrack, kernel } }))
  }

  it('gives the share of refused first SYNs, and the number of connections at which it reaches a tenth', () => {
    const verdict = predict({ buckets: 16_384 })
    expect(verdict).toMatchObject({ severity: 'critical', events: 1_000_000 })
    expect(verdict?.title).toMatch(
      /^100 % of first SYNs will be dropped: 1,000,000 tracked connections in 16,384/
    )
    expect(verdict?.bindsAt).toBeGreaterThan(390_000)
    expect(verdict?.bindsAt).toBeLessThan(400_000)
  })

  it('uses the tighter bound of an older kernel', () => {
    expect(predict({ buckets: 262_144 })).toBeNull()
    expect(predict({ buckets: 262_144 }, [6, 1, 5])?.title).toMatch(/^4\.4 % of first SYNs/)
  })

  it('counts existing entries, in all namespaces', () => {
    expect(predict({ buckets: 65_536 })).toBeNull()
    expect(predict({ buckets: 65_536, entriesAllNamespaces: 1_000_000 })?.title).toMatch(/^48 %/)
  })

  it.each([
    ['kernels without a bound', { buckets: 1024, boundsChains: false }],
    ['a missing module', { buckets: null, boundsChains: null }]
  ])('is silent for %s', (_, conntrack) => {
    expect(predict(conntrack, [5, 10, 0])).toBeNull()
  })

  it('trusts the statistics column of a backport more than the release', () => {
    expect(predict({ buckets: 65_536, boundsChains: true }, [5, 14, 0])?.title).toMatch(/^up to 93 %/)
  })
})

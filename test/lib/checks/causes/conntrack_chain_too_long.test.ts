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
  it('names buckets and load, and that others fill them', () => {
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

  it('untracks loopback, not every port, when the run dials itself', () => {
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

  it('does without what it may not read', () => {
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

  it('is not taken for a clash, which has no chaintoolong', () => {
    const deltas = rose({ 'Conntrack.insert_failed': 441, 'Conntrack.drop': 441 })
    expect(conntrackChainTooLong.explain?.(explaining({ run: measured, deltas }))).toBeNull()
  })

  it('leaves a neighbour alone that does not reach this run', () => {
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

  it('tells the share, and where a tenth of the first SYNs is refused', () => {
    const verdict = predict({ buckets: 16_384 })
    expect(verdict).toMatchObject({ severity: 'critical', events: 1_000_000 })
    expect(verdict?.title).toMatch(
      /^100 % of first SYNs will be dropped: 1,000,000 tracked connections in 16,384/
    )
    expect(verdict?.bindsAt).toBeGreaterThan(390_000)
    expect(verdict?.bindsAt).toBeLessThan(400_000)
  })

  it('holds an older kernel to its tighter bound', () => {
    expect(predict({ buckets: 262_144 })).toBeNull()
    expect(predict({ buckets: 262_144 }, [6, 1, 5])?.title).toMatch(/^4\.4 % of first SYNs/)
  })

  it('counts what is there already, in all namespaces', () => {
    expect(predict({ buckets: 65_536 })).toBeNull()
    expect(predict({ buckets: 65_536, entriesAllNamespaces: 1_000_000 })?.title).toMatch(/^48 %/)
  })

  it.each([
    ['kernels without a bound', { buckets: 1024, boundsChains: false }],
    ['no module', { buckets: null, boundsChains: null }]
  ])('says nothing with %s', (_, conntrack) => {
    expect(predict(conntrack, [5, 10, 0])).toBeNull()
  })

  it('believes the column of a backport more than the release', () => {
    expect(predict({ buckets: 65_536, boundsChains: true }, [5, 14, 0])?.title).toMatch(/^up to 93 %/)
  })
})

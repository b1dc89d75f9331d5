import { describe, expect, it } from 'vitest'
import { conntrackTableFull } from '../../../../lib/checks/causes/conntrack_table_full.js'
import { explaining, linesOf, plateauSeries, predicting, rose, run, tally, watching } from '../fixtures.js'

// Measured with nf_conntrack_max 1000: 1500 connects on loopback, 1000 are established, 500 stay in SYN_SENT; 5 s later `drop` has
// counted 2500 packets.
const measured = run({
  connections: { requested: 1500, attempted: 1500, established: 1000, failed: 500, peak: 1000 },
  errors: [tally('timeout', 'ETIMEDOUT', 500)]
})
const full = { count: 1000, max: 1000 }

describe('explain', () => {
  it('names the table size and the drops', () => {
    const verdict = conntrackTableFull.explain?.(
      explaining({
        run: measured,
        facts: { conntrack: full },
        deltas: rose({ 'Conntrack.drop': 2500 }),
        peerIsHere: true
      })
    )
    expect(verdict).toMatchObject({
      severity: 'critical',
      side: 'client',
      title: 'connection tracking is full at 1,000 entries: 2,500 packets of new connections were dropped',
      evidence: [
        { name: 'Conntrack.drop', before: 100, after: 2600 },
        { name: 'net.netfilter.nf_conntrack_max', before: null, after: 1000 },
        { name: 'net.netfilter.nf_conntrack_count', before: null, after: 1000 }
      ]
    })
    expect(linesOf(verdict)).toContain('sysctl -w net.netfilter.nf_conntrack_max=4096')
    expect(linesOf(verdict)).toContain('sysctl -w net.netfilter.nf_conntrack_buckets=4096')
    expect(linesOf(verdict)).toContain("nft 'add rule inet c1m out tcp dport 8100-8119 notrack'")
  })

  it('uses the lowest size and the highest count when they changed during the run', () => {
    const verdict = conntrackTableFull.explain?.(
      explaining({
        run: measured,
        factsBefore: { conntrack: full },
        facts: { conntrack: { count: 3, max: 262_144 } },
        deltas: rose({ 'Conntrack.drop': 2500 })
      })
    )
    expect(verdict?.title).toContain('full at 1,000 entries')
  })

  it('works beside a server', () => {
    const verdict = conntrackTableFull.explain?.(
      watching({ facts: { conntrack: full }, deltas: rose({ 'Conntrack.drop': 10 }) })
    )
    expect(verdict).toMatchObject({ severity: 'warning', side: 'server' })
    expect(linesOf(verdict)).toContain("nft 'add rule inet c1m pre tcp sport PORT notrack'")
  })

  const stuck = run({
    connections: { requested: 300_000, attempted: 270_000, established: 262_000, peak: 262_000 },
    errors: [tally('timeout', 'ETIMEDOUT', 8000)],
    series: plateauSeries(262_000)
  })

  it('guesses the table of the host outside a container from a plateau below the size, and hides nothing', () => {
    const facts = { conntrack: { entriesAllNamespaces: null } }
    const verdict = conntrackTableFull.explain?.(explaining({ run: stuck, facts }))
    expect(verdict).toMatchObject({
      severity: 'info',
      side: 'path',
      title: expect.stringContaining('looks like')
    })
    expect(verdict?.explains).toBeUndefined()
  })

  it('does not guess when no namespace tracks that many', () => {
    expect(
      conntrackTableFull.explain?.(
        explaining({ run: stuck, facts: { conntrack: { entriesAllNamespaces: 30 } } })
      )
    ).toBeNull()
  })

  it.each([
    ['clashes of racing packets', { 'Conntrack.drop': 40, 'Conntrack.insert_failed': 40 }, full],
    ['failed allocations with room in the table', { 'Conntrack.drop': 40 }, { count: 500, max: 1000 }],
    ['chains that are too long', { 'Conntrack.chaintoolong': 40, 'Conntrack.insert_failed': 40 }, full]
  ])('is silent for %s', (_, deltas, conntrack) => {
    expect(
      conntrackTableFull.explain?.(explaining({ run: measured, facts: { conntrack }, deltas: rose(deltas) }))
    ).toBeNull()
  })

  it('requires lost SYNs of this run', () => {
    expect(
      conntrackTableFull.explain?.(
        explaining({ facts: { conntrack: full }, deltas: rose({ 'Conntrack.drop': 40 }) })
      )
    ).toBeNull()
  })
})

describe('predict', () => {
  const needs = { conntrackEntries: 1500, conntrackEntriesOnHost: 1500, connections: 1500 }

  it('names the number of connections at which the table is full', () => {
    const verdict = conntrackTableFull.predict?.(
      predicting({ needs, facts: { conntrack: { count: 100, max: 1000 } } })
    )
    expect(verdict).toMatchObject({ severity: 'critical', bindsAt: 900, events: 600 })
  })

  it.each([
    ['untracked connections', { ...needs, conntrackEntries: 0 }, { count: 100, max: 1000 }],
    ['room enough', needs, { count: 100, max: 2000 }],
    ['no module', needs, { count: null, max: null }],
    ['no bound', needs, { count: 100, max: 0 }]
  ])('is silent with %s', (_, needed, conntrack) => {
    expect(conntrackTableFull.predict?.(predicting({ needs: needed, facts: { conntrack } }))).toBeNull()
  })
})

import { describe, expect, it } from 'vitest'
import { natPortsExhausted } from '../../../../lib/checks/causes/nat_ports_exhausted.js'
import { explaining, rose, run, tally, watching } from '../fixtures.js'

// Measured: 300 connects through a NAT with 100 ports; 200 of them sent three SYNs each.
const exhausted = rose({
  'Conntrack.insert_failed': 600,
  'Conntrack.drop': 600,
  'Conntrack.found': 41_478
})
const entries = (count: number) => ({ 'Conntrack.entries': count })
const lost = run({
  connections: { requested: 300, attempted: 300, established: 100, failed: 200, peak: 100 },
  errors: [tally('timeout', 'ETIMEDOUT', 200)],
  retransmits: { syn: 400 }
})

describe('nat-ports-exhausted beside a NAT', () => {
  it('is recognized by drops that follow a search for a port', () => {
    const verdict = natPortsExhausted.explain?.(watching({ deltas: exhausted, counters: entries(100) }))
    expect(verdict).toMatchObject({ severity: 'warning', side: 'path', events: 600 })
  })

  it('is a guess without a search', () => {
    const single = rose({ 'Conntrack.insert_failed': 897, 'Conntrack.drop': 897 })
    const verdict = natPortsExhausted.explain?.(watching({ deltas: single, counters: entries(1) }))
    expect(verdict).toMatchObject({ severity: 'info', explains: [] })
  })

  it('is silent for a race now and then', () => {
    const deltas = rose({ 'Conntrack.insert_failed': 90, 'Conntrack.drop': 90, 'Conntrack.found': 90_000 })
    expect(natPortsExhausted.explain?.(watching({ deltas, counters: entries(60_000) }))).toBeNull()
  })

  it('is silent for races that add up over days', () => {
    const context = watching({ deltas: exhausted, recent: rose({}), counters: entries(100) })
    expect(natPortsExhausted.explain?.(context)).toBeNull()
  })

  it('is silent for a full conntrack table and for long chains', () => {
    const full = rose({ 'Conntrack.drop': 600, 'Conntrack.found': 41_478 })
    expect(natPortsExhausted.explain?.(watching({ deltas: full }))).toBeNull()
    const chains = rose({ 'Conntrack.insert_failed': 600, 'Conntrack.chaintoolong': 600 })
    expect(natPortsExhausted.explain?.(watching({ deltas: chains }))).toBeNull()
  })
})

describe('a dial that runs on the host of the NAT', () => {
  it('names nat-ports-exhausted by the SYNs it lost', () => {
    expect(natPortsExhausted.explain?.(explaining({ run: lost, deltas: exhausted }))).toMatchObject({
      severity: 'critical',
      side: 'path'
    })
  })

  it('names nothing when it lost no SYN', () => {
    expect(natPortsExhausted.explain?.(explaining({ deltas: exhausted }))).toBeNull()
  })
})

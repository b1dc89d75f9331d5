import { describe, expect, it } from 'vitest'
import { synLoss } from '../../../../lib/checks/causes/syn_loss.js'
import { sysctl } from '../../../../lib/checks/remedy.js'
import { explaining, rose, run } from '../fixtures.js'

// Measured with 10 % of all packets dropped: 25 of 150 connects take over a second, 24 with one more SYN, 1 with two.
const measured = run({
  connections: { requested: 150, attempted: 150, established: 150, peak: 150 },
  retransmits: { syn: 26, connectionsWithSynRetry: 25 }
})

it('names the share and the comb', () => {
  const verdict = synLoss.explain?.(
    explaining({
      run: measured,
      latencies: [
        { us: 80, count: 125 },
        { us: 1_060_000, count: 24 },
        { us: 2_080_000, count: 1 }
      ]
    })
  )
  expect(verdict).toMatchObject({
    severity: 'critical',
    side: 'path',
    title:
      '25 connections (17 %) needed more than one SYN: packets are lost on the way or at the target; their latencies gather at 1 s, 2 s'
  })
  expect(verdict?.evidence).toContainEqual({ name: 'retransmits.syn', before: null, after: 26 })
})

it('knows the comb of older kernels', () => {
  const verdict = synLoss.explain?.(
    explaining({
      run: measured,
      facts: { tcp: { synLinearTimeouts: null } },
      latencies: [{ us: 3_100_000, count: 25 }]
    })
  )
  expect(verdict?.title).toMatch(/gather at 3 s$/)
})

it('finds it at home when the packet backlog overflowed', () => {
  expect(
    synLoss.explain?.(explaining({ run: measured, deltas: rose({ 'Softnet.dropped': 30 }) }))
  ).toMatchObject({
    side: 'client',
    remedy: [sysctl('net.core.netdev_max_backlog', 8192)]
  })
})

describe('is silent', () => {
  it.each([
    ['of a stray packet among many', 200_000, 3],
    ['without loss', 200_000, 0]
  ])('%s', (_, established, retried) => {
    const outcome = run({
      connections: { requested: established, attempted: established, established },
      retransmits: { syn: retried, connectionsWithSynRetry: retried }
    })
    expect(synLoss.explain?.(explaining({ run: outcome, deltas: rose({ 'Softnet.dropped': 5 }) }))).toBeNull()
  })
})

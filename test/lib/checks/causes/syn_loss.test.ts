import { describe, expect, it } from 'vitest'
import { synLoss } from '../../../../lib/checks/causes/syn_loss.js'
import { explaining, rose, run } from '../fixtures.js'

// Measured with 10 % of all packets dropped: 25 of 150 connects take over a second, 24 with one more SYN, 1 with two.
const measured = run({
  connections: { requested: 150, attempted: 150, established: 150, peak: 150 },
  retransmits: { syn: 26, connectionsWithSynRetry: 25 }
})

it('syn-loss names the share of lost SYNs and the latencies at which they gather', () => {
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

it('syn-loss knows the retry times of older kernels', () => {
  const verdict = synLoss.explain?.(
    explaining({
      run: measured,
      facts: { tcp: { synLinearTimeouts: null } },
      latencies: [{ us: 3_100_000, count: 25 }]
    })
  )
  expect(verdict?.title).toMatch(/gather at 3 s$/)
})

describe('a full packet backlog', () => {
  const explain = (drops: number, rxDropped: number, rxPackets: number) =>
    synLoss.explain?.(
      explaining({
        run: measured,
        deltas: rose({
          'Softnet.dropped': drops,
          'Devices.rxDropped': rxDropped,
          'Devices.rxPackets': rxPackets
        })
      })
    )

  it('is on this host when its devices dropped as large a share of packets', () => {
    expect(explain(3000, 2900, 20_000)).toMatchObject({
      severity: 'critical',
      side: 'client',
      title:
        "25 connections (17 %) needed more than one SYN: the packet backlog of this host's CPUs was full 3,000 times (of the whole host), and devices of this namespace dropped 2,900 packets for it"
    })
  })

  it.each([
    ['of another network namespace', 3000, 0, 20_000],
    ['that dropped too small a share', 3000, 2900, 2_000_000]
  ])('%s leaves the loss on the path', (_, drops, rxDropped, rxPackets) => {
    const verdict = explain(drops, rxDropped, rxPackets)
    expect(verdict).toMatchObject({ side: 'path' })
    expect(verdict?.evidence.map(({ name }) => name)).not.toContain('Softnet.dropped of the whole host')
  })

  it('is not reported when the run only closed its connections', () => {
    const closing = rose({ 'Softnet.dropped': 12_627, 'Devices.rxDropped': 12_627 })
    expect(synLoss.explain?.(explaining({ run: measured, closing }))).toMatchObject({ side: 'path' })
  })
})

it('syn-loss is info below a hundredth of the SYNs', () => {
  const few = run({ retransmits: { syn: 60, connectionsWithSynRetry: 60 } })
  expect(synLoss.explain?.(explaining({ run: few }))).toMatchObject({ severity: 'info' })
})

describe('syn-loss is silent', () => {
  it.each([
    ['about a stray packet among many', 200_000, 3],
    ['without loss', 200_000, 0]
  ])('%s', (_, established, retried) => {
    const outcome = run({
      connections: { requested: established, attempted: established, established },
      retransmits: { syn: retried, connectionsWithSynRetry: retried }
    })
    expect(synLoss.explain?.(explaining({ run: outcome, deltas: rose({ 'Softnet.dropped': 5 }) }))).toBeNull()
  })
})

import { describe, expect, it } from 'vitest'
import { synUnanswered } from '../../../../lib/checks/causes/syn_unanswered.js'
import { explaining, plateauSeries, rose, run, tally } from '../fixtures.js'

it('names a target that answers nothing', () => {
  const outcome = run({
    connections: { requested: 1000, attempted: 1000, established: 0, failed: 1000, peak: 0 },
    errors: [tally('timeout', 'ETIMEDOUT', 1000)]
  })
  const verdict = synUnanswered.explain?.(
    explaining({ run: outcome, deltas: rose({ 'TcpExt.TCPSynRetrans': 4000 }) })
  )
  expect(verdict).toMatchObject({ severity: 'critical', side: 'path', events: 1000 })
  expect(verdict?.title).toBe(
    'none of 1,000 SYNs was answered: the target drops them, or a firewall on the way does'
  )
})

it('says where it stopped', () => {
  const outcome = run({
    connections: { attempted: 6000, established: 5000, failed: 1000, peak: 5000 },
    errors: [tally('timeout', 'ETIMEDOUT', 1000)],
    series: plateauSeries(5000)
  })
  expect(synUnanswered.explain?.(explaining({ run: outcome }))?.title).toBe(
    '1,000 of 6,000 handshakes were never answered: none succeeded beyond 5,000'
  )
})

describe('is not taken for loss', () => {
  // A third of all SYNs is lost; within 5 s five of them are sent, and 0.33^5 is 0.4 %.
  const lossy = (timeouts: number) =>
    run({
      connections: { attempted: 10_000, established: 10_000 - timeouts, failed: timeouts },
      errors: [tally('timeout', 'ETIMEDOUT', timeouts)],
      retransmits: { syn: 4900, connectionsWithSynRetry: 3290 }
    })

  it('which leaves some unanswered', () => {
    expect(synUnanswered.explain?.(explaining({ run: lossy(45) }))).toBeNull()
  })

  it('unless there are many more', () => {
    expect(synUnanswered.explain?.(explaining({ run: lossy(200) }))).toMatchObject({ events: 200 })
  })

  it('which with fewer tries leaves more', () => {
    expect(
      synUnanswered.explain?.(explaining({ run: lossy(200), scenario: { connectTimeoutMs: 2500 } }))
    ).toBeNull()
  })
})

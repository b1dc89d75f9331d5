import { describe, expect, it } from 'vitest'
import { synUnanswered } from '../../../../lib/checks/causes/syn_unanswered.js'
import { explaining, plateauSeries, rose, run, tally } from '../fixtures.js'

it('syn-unanswered names a target that answers nothing', () => {
  const outcome = run({
    connections: { requested: 1000, attempted: 1000, established: 0, failed: 1000, peak: 0 },
    errors: [tally('timeout', 'ETIMEDOUT', 1000)]
  })
  const verdict = synUnanswered.explain?.(
    explaining({ run: outcome, deltas: rose({ 'TcpExt.TCPSynRetrans': 4000 }) })
  )
  expect(verdict).toMatchObject({ severity: 'critical', side: 'path', events: 1000 })
  expect(verdict?.title).toBe(
    'none of 1,000 SYNs was answered within 5s: the target or a firewall on the way drops them, or the answers take longer'
  )
})

it('syn-unanswered names the number at which the target stopped answering', () => {
  const outcome = run({
    connections: { attempted: 6000, established: 5000, failed: 1000, peak: 5000 },
    errors: [tally('timeout', 'ETIMEDOUT', 1000)],
    series: plateauSeries(5000)
  })
  expect(synUnanswered.explain?.(explaining({ run: outcome }))?.title).toBe(
    '1,000 of 6,000 handshakes were never answered within 5s: none succeeded beyond 5,000'
  )
})

describe('syn-unanswered beside random loss', () => {
  // A third of all SYNs is lost; within 5 s five of them are sent, and 0.33^5 is 0.4 %.
  const lossy = (timeouts: number) =>
    run({
      connections: { attempted: 10_000, established: 10_000 - timeouts, failed: timeouts },
      errors: [tally('timeout', 'ETIMEDOUT', timeouts)],
      retransmits: { syn: 4900, connectionsWithSynRetry: 3290 }
    })

  it('is silent when the loss explains the unanswered handshakes', () => {
    expect(synUnanswered.explain?.(explaining({ run: lossy(45) }))).toBeNull()
  })

  it('is reported when far more handshakes are unanswered', () => {
    expect(synUnanswered.explain?.(explaining({ run: lossy(200) }))).toMatchObject({ events: 200 })
  })

  it('allows for more unanswered handshakes when fewer SYNs fit into the timeout', () => {
    expect(
      synUnanswered.explain?.(explaining({ run: lossy(200), scenario: { connectTimeoutMs: 2500 } }))
    ).toBeNull()
  })
})

it('syn-unanswered does not say that none was answered when some were, by RST or ICMP', () => {
  const refused = run({
    connections: { requested: 1000, attempted: 1000, established: 0, failed: 1000, peak: 0 },
    errors: [tally('timeout', 'ETIMEDOUT', 990), tally('connect', 'ECONNREFUSED', 10)]
  })
  const title = '990 of 1,000 handshakes were never answered within 5s'
  expect(synUnanswered.explain?.(explaining({ run: refused }))?.title).toBe(title)
  const silent = run({
    connections: { requested: 1000, attempted: 1000, established: 0, failed: 1000, peak: 0 },
    errors: [tally('timeout', 'ETIMEDOUT', 1000)]
  })
  const deltas = rose({ 'Icmp6.InDestUnreachs': 6 })
  expect(synUnanswered.explain?.(explaining({ run: silent, deltas }))?.title).toBe(
    '1,000 of 1,000 handshakes were never answered within 5s'
  )
})

it('syn-unanswered is info below a hundredth of the attempts', () => {
  const outcome = run({
    connections: { established: 9950, failed: 50 },
    errors: [tally('timeout', 'ETIMEDOUT', 50)]
  })
  expect(synUnanswered.explain?.(explaining({ run: outcome }))).toMatchObject({ severity: 'info' })
})

describe('answers after the connect timeout', () => {
  const outcome = run({
    connections: { requested: 200, attempted: 200, established: 0, failed: 200, peak: 0 },
    errors: [tally('timeout', 'ETIMEDOUT', 200)]
  })
  const scenario = { connectTimeoutMs: 600 }
  const titleOf = (rises: Parameters<typeof rose>[0], outcomes = outcome) =>
    synUnanswered.explain?.(explaining({ run: outcomes, scenario, deltas: rose(rises) }))?.title

  it('are recognized by the packets that this host reset', () => {
    expect(titleOf({ 'Tcp.OutRsts': 160 })).toBe(
      '200 of 200 handshakes were given up within 600ms; 160 answers came later than that'
    )
  })

  it.each([
    ['a few resets for other connections', { 'Tcp.OutRsts': 50 }],
    ['a flood of resets for other connections', { 'Tcp.OutRsts': 5000 }],
    [
      'stale ACKs, which make the kernel send SYNs again at once',
      { 'Tcp.OutRsts': 200, 'TcpExt.TCPSynRetrans': 200 }
    ]
  ])('are distinguished from %s', (_, rises) => {
    expect(titleOf(rises)).toMatch(/^none of 200 SYNs was answered within 600ms/)
  })

  it('are ruled out when other answers were fast', () => {
    const quick = run({
      connections: { requested: 400, attempted: 400, established: 200, failed: 200, peak: 200 },
      errors: [tally('timeout', 'ETIMEDOUT', 200)]
    })
    expect(titleOf({ 'Tcp.OutRsts': 160 }, quick)).toMatch(/^200 of 400 handshakes were never answered/)
  })
})

describe('random loss before Linux 6.5, with timers that double at once,', () => {
  // 30 % of the SYNs lost, three of them in five seconds: 27 of 1,000 time out, and 28 % of the others need more than one.
  const lossy = (timeouts: number) =>
    run({
      connections: { requested: 1000, attempted: 1000, established: 1000 - timeouts, failed: timeouts },
      errors: [tally('timeout', 'ETIMEDOUT', timeouts)],
      retransmits: { syn: 360, connectionsWithSynRetry: 273 }
    })
  const facts = { tcp: { synLinearTimeouts: null } }

  it('explains more unanswered handshakes', () => {
    expect(synUnanswered.explain?.(explaining({ run: lossy(24), facts }))).toBeNull()
    expect(synUnanswered.explain?.(explaining({ run: lossy(33), facts }))).toBeNull()
    expect(synUnanswered.explain?.(explaining({ run: lossy(90), facts }))).not.toBeNull()
  })

  it('would explain fewer with linear timers', () => {
    expect(synUnanswered.explain?.(explaining({ run: lossy(24) }))).not.toBeNull()
  })
})

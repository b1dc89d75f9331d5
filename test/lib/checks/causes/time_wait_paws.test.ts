import { describe, expect, it } from 'vitest'
import { synLoss } from '../../../../lib/checks/causes/syn_loss.js'
import { synUnanswered } from '../../../../lib/checks/causes/syn_unanswered.js'
import { timeWaitPaws } from '../../../../lib/checks/causes/time_wait_paws.js'
import { explaining, linesOf, rose, run, tally, watching } from '../fixtures.js'

describe('time-wait-paws beside the server', () => {
  // Measured: 120 connects through a NAT with 33 ports; the server's application sees nothing.
  it('is recognized by PAWSTimewait alone', () => {
    const verdict = timeWaitPaws.explain?.(watching({ deltas: rose({ 'TcpExt.PAWSTimewait': 52 }) }))
    expect(verdict).toMatchObject({
      side: 'server',
      title:
        '52 SYNs met a TIME_WAIT of their 4-tuple with an older timestamp (PAWS) and were answered with a stale ACK'
    })
    expect(verdict?.evidence[0]).toEqual({ name: 'TcpExt.PAWSTimewait', before: 100, after: 152 })
  })

  // Measured: 2,000 connections over loopback, all closed at once.
  it('is not reported for late segments of closes', () => {
    const closing = { 'TcpExt.PAWSTimewait': 25, 'Sockstat.TCP.tw': 1900, 'TcpExt.TW': 100 }
    expect(timeWaitPaws.explain?.(watching({ deltas: rose(closing) }))).toBeNull()
    const few = { 'TcpExt.PAWSTimewait': 2, 'Tcp.PassiveOpens': 4 }
    expect(timeWaitPaws.explain?.(watching({ deltas: rose(few) }))).toBeNull()
    const lostOthers = run({ retransmits: { syn: 8, connectionsWithSynRetry: 8 } })
    expect(
      timeWaitPaws.explain?.(explaining({ run: lostOthers, peerIsHere: true, deltas: rose(closing) }))
    ).toBeNull()
  })

  // Measured with 20 processes ready to run on two CPUs.
  it('is reported only above what late segments explain on a busy host with both ends', () => {
    const closing = { 'Sockstat.TCP.tw': 1900, 'Tcp.PassiveOpens': 2000, 'Tcp.ActiveOpens': 2000 }
    const explain = (count: number) =>
      timeWaitPaws.explain?.(watching({ deltas: rose({ ...closing, 'TcpExt.PAWSTimewait': count }) }))
    expect(explain(83)).toBeNull()
    expect(explain(400)).toBeNull()
    expect(explain(600)).not.toBeNull()
  })

  it('is reported even after many connections without trouble', () => {
    const deltas = rose({ 'TcpExt.PAWSTimewait': 50, 'Tcp.PassiveOpens': 1_000_000 })
    const context = watching({ deltas })
    expect(timeWaitPaws.explain?.(context)).toBeNull()
    const recent = rose({ 'TcpExt.PAWSTimewait': 50, 'Tcp.PassiveOpens': 120 })
    expect(timeWaitPaws.explain?.({ ...context, recent })).not.toBeNull()
  })

  it('restores tcp_rfc1337 when it made things worse, and never sets it', () => {
    const deltas = rose({ 'TcpExt.PAWSTimewait': 118, 'TcpExt.TCPACKSkippedTimeWait': 24 })
    const verdict = timeWaitPaws.explain?.(watching({ deltas, facts: { tcp: { rfc1337: 1 } } }))
    expect(linesOf(verdict)[0]).toBe('sysctl -w net.ipv4.tcp_rfc1337=0')
    expect(linesOf(verdict).join('\n')).not.toMatch(/tcp_tw_recycle|rfc1337=1/)
  })

  it('is not reported for PAWS in open connections, which this kernel counts separately', () => {
    expect(timeWaitPaws.explain?.(watching({ deltas: rose({ 'TcpExt.PAWSEstab': 30 }) }))).toBeNull()
  })

  it('falls back to PAWSEstab before 6.16, if there are TIME_WAITs', () => {
    const context = watching({
      deltas: rose({ 'TcpExt.PAWSEstab': 216 }),
      facts: { kernel: { version: { major: 5, minor: 15, patch: 0 } } }
    })
    const old = (timeWaits: number) => ({
      ...context,
      counters: { 'TcpExt.PAWSEstab': 316, 'Sockstat.TCP.tw': timeWaits }
    })
    expect(timeWaitPaws.explain?.(old(5000))?.title).toMatch(/^216 segments .* as far as this kernel tells/)
    expect(timeWaitPaws.explain?.(old(0))).toBeNull()
  })
})

describe('time-wait-paws in a run', () => {
  const churn = { churn: true, closeBy: 'server' } as const
  const transactions = {
    churn: {
      transactions: 9000,
      transactionsPerSecond: 900,
      timeWait: { before: 0, peak: 0, after: 0 },
      tupleRestSeconds: null,
      endedEarly: false
    }
  }
  const retried = run({
    ...transactions,
    retransmits: { syn: 160, connectionsWithSynRetry: 150 },
    staleAnswers: { established: 150 }
  })
  const resets = { 'Tcp.OutRsts': 160, 'TcpExt.TCPSynRetrans': 160 }

  it('is reported when the server closes first, but not when the scenario lets the dial close', () => {
    const explain = (scenario: Parameters<typeof explaining>[0] = {}) =>
      timeWaitPaws.explain?.(explaining({ run: retried, deltas: rose(resets), ...scenario }))
    expect(explain({ scenario: churn })).toMatchObject({
      severity: 'critical',
      side: 'server',
      title: expect.stringMatching(
        /^150 SYNs were answered with a stale ACK, not lost: the server, which closes first/
      ),
      events: 150,
      explains: [synLoss, synUnanswered]
    })
    expect(explain({ scenario: { churn: true } })).toBeNull()
    expect(explain()).toBeNull()
  })

  it('counts unfinished handshakes, and says how they would continue', () => {
    const deltas = rose(resets)
    const errors = [tally('timeout', 'ETIMEDOUT', 30)]
    const outcome = run({
      ...transactions,
      errors,
      staleAnswers: { established: 5, timedOut: 20, pending: 9 }
    })
    const verdict = timeWaitPaws.explain?.(explaining({ run: outcome, deltas, scenario: churn }))
    expect(verdict).toMatchObject({ severity: 'warning', events: 34, explains: [synLoss] })
    expect(verdict?.title).toMatch(/; 29 of them were never answered otherwise$/)
    expect(linesOf(verdict)[0]).toMatch(/^# let the RST pass/)
  })

  it('attributes the rest to loss when more SYNs were repeated than answered this way', () => {
    const outcome = run({ ...retried, retransmits: { syn: 300, connectionsWithSynRetry: 300 } })
    const context = explaining({ run: outcome, deltas: rose(resets), scenario: churn })
    expect(timeWaitPaws.explain?.(context)).toMatchObject({ events: 150, explains: [synUnanswered] })
    expect(synLoss.explain?.(context)).toMatchObject({ events: 150 })
  })

  it('is distinguished from an open connection by the counters of a server on this host', () => {
    const explain = (deltas: Parameters<typeof rose>[0]) =>
      timeWaitPaws.explain?.(
        explaining({ run: retried, peerIsHere: true, deltas: rose({ ...resets, ...deltas }) })
      )
    expect(explain({ 'TcpExt.PAWSTimewait': 155 })).toMatchObject({
      title: expect.stringMatching(/^155 SYNs met a TIME_WAIT/),
      events: 150
    })
    expect(explain({ 'TcpExt.TCPSYNChallenge': 155, 'TcpExt.PAWSTimewait': 155 })).toBeNull()
    // Late segments of closes: some always meet a TIME_WAIT.
    expect(explain({ 'TcpExt.PAWSTimewait': 20 })).toBeNull()
    expect(explain({})).toBeNull()
  })

  it.each([
    ['lost SYNs beside resets for something else', { 'TcpExt.TCPSynRetrans': 6, 'Tcp.OutRsts': 6 }, {}],
    [
      'segments that this host did not answer by RST',
      { 'TcpExt.TCPSynRetrans': 6, 'Tcp.OutRsts': 1 },
      { established: 6 }
    ]
  ])('is not reported for %s', (_, deltas, staleAnswers) => {
    const lossy = run({
      ...transactions,
      retransmits: { syn: 6, connectionsWithSynRetry: 6 },
      staleAnswers
    })
    const context = explaining({ run: lossy, deltas: rose(deltas), scenario: churn })
    expect(timeWaitPaws.explain?.(context)).toBeNull()
    expect(synLoss.explain?.(context)).toMatchObject({ events: 6 })
  })
})

import { describe, expect, it } from 'vitest'
import { synLoss } from '../../../../lib/checks/causes/syn_loss.js'
import { timeWaitPaws } from '../../../../lib/checks/causes/time_wait_paws.js'
import { explaining, linesOf, rose, run, tally, watching } from '../fixtures.js'

describe('seen by the server', () => {
  // Measured: 120 connects through a NAT with 33 ports; the server's application sees nothing.
  it('is named by PAWSTimewait alone', () => {
    const verdict = timeWaitPaws.explain?.(watching({ deltas: rose({ 'TcpExt.PAWSTimewait': 52 }) }))
    expect(verdict).toMatchObject({
      side: 'server',
      title:
        '52 SYNs met a TIME_WAIT of their 4-tuple with an older timestamp (PAWS) and were answered with a stale ACK'
    })
    expect(verdict?.evidence[0]).toEqual({ name: 'TcpExt.PAWSTimewait', before: 100, after: 152 })
  })

  // Measured: 2,000 connections over loopback, all closed at once.
  it('is not taken for segments of closes that came late', () => {
    const closing = { 'TcpExt.PAWSTimewait': 25, 'Sockstat.TCP.tw': 1900, 'TcpExt.TW': 100 }
    expect(timeWaitPaws.explain?.(watching({ deltas: rose(closing) }))).toBeNull()
    const few = { 'TcpExt.PAWSTimewait': 2, 'Tcp.PassiveOpens': 4 }
    expect(timeWaitPaws.explain?.(watching({ deltas: rose(few) }))).toBeNull()
    const lostOthers = run({ retransmits: { syn: 8, connectionsWithSynRetry: 8 } })
    expect(
      timeWaitPaws.explain?.(explaining({ run: lostOthers, peerIsHere: true, deltas: rose(closing) }))
    ).toBeNull()
  })

  it('is named among many that went well before', () => {
    const deltas = rose({ 'TcpExt.PAWSTimewait': 50, 'Tcp.PassiveOpens': 1_000_000 })
    const context = watching({ deltas })
    expect(timeWaitPaws.explain?.(context)).toBeNull()
    const recent = rose({ 'TcpExt.PAWSTimewait': 50, 'Tcp.PassiveOpens': 120 })
    expect(timeWaitPaws.explain?.({ ...context, recent })).not.toBeNull()
  })

  it('takes tcp_rfc1337 back where it made things worse, and never sets it', () => {
    const deltas = rose({ 'TcpExt.PAWSTimewait': 118, 'TcpExt.TCPACKSkippedTimeWait': 24 })
    const verdict = timeWaitPaws.explain?.(watching({ deltas, facts: { tcp: { rfc1337: 1 } } }))
    expect(linesOf(verdict)[0]).toBe('sysctl -w net.ipv4.tcp_rfc1337=0')
    expect(linesOf(verdict).join('\n')).not.toMatch(/tcp_tw_recycle|rfc1337=1/)
  })

  it('is not taken for PAWS in live connections, which this kernel counts apart', () => {
    expect(timeWaitPaws.explain?.(watching({ deltas: rose({ 'TcpExt.PAWSEstab': 30 }) }))).toBeNull()
  })

  it('falls back on PAWSEstab before 6.16, if there are TIME_WAITs', () => {
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

describe('seen by the client', () => {
  const retried = run({ retransmits: { syn: 6, connectionsWithSynRetry: 5 } })

  // Measured: OutRsts = TCPSynRetrans = number of rejects.
  it('tells stale ACKs from loss by the resets that go with them', () => {
    const deltas = rose({ 'Tcp.OutRsts': 6, 'TcpExt.TCPSynRetrans': 6 })
    expect(timeWaitPaws.explain?.(explaining({ run: retried, deltas }))).toMatchObject({
      side: 'server',
      events: 6,
      explains: expect.arrayContaining([synLoss])
    })
  })

  it('sees it through closing by reset, counted or not', () => {
    const explain = (resets: number) =>
      timeWaitPaws.explain?.(
        explaining({
          run: retried,
          deltas: rose({ 'Tcp.OutRsts': resets, 'TcpExt.TCPSynRetrans': 6 }),
          scenario: { close: 'rst' }
        })
      )
    expect(explain(10_006)).toMatchObject({ events: 6 })
    expect(explain(6)).toMatchObject({ events: 6 })
    expect(explain(10_000)).toBeNull()
  })

  it.each([
    ['lost SYNs, which bring no reset', retried, { 'TcpExt.TCPSynRetrans': 6 }],
    ['resets for something else', retried, { 'TcpExt.TCPSynRetrans': 6, 'Tcp.OutRsts': 500 }],
    [
      'late answers to handshakes given up',
      run({ errors: [tally('timeout', 'ETIMEDOUT', 6)], retransmits: { syn: 6 } }),
      { 'TcpExt.TCPSynRetrans': 6, 'Tcp.OutRsts': 6 }
    ],
    ['other processes', run(), { 'TcpExt.TCPSynRetrans': 6, 'Tcp.OutRsts': 6 }]
  ])('is not taken for %s', (_, outcome, deltas) => {
    expect(timeWaitPaws.explain?.(explaining({ run: outcome, deltas: rose(deltas) }))).toBeNull()
  })
})

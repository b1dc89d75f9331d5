import { describe, expect, it } from 'vitest'
import { dataUnacknowledged } from '../../../../lib/checks/causes/data_unacknowledged.js'
import { noEndings } from '../../../../lib/checks/context.js'
import { ended, explaining, linesOf, talking, watching } from '../fixtures.js'

const explain = dataUnacknowledged.explain

describe('data-unacknowledged', () => {
  it('suspects a black hole for a long message, and says what arrives', () => {
    const context = talking([ended('oversized', 200, { unacked: 6, sacked: 1, retransmits: 5 })])
    expect(explain?.(context)).toMatchObject({
      severity: 'critical',
      side: 'path',
      title:
        'the data of 200 of 10,000 exchanges was sent again and again, and never acknowledged: it looks like a path MTU black hole for segments of 1,448 bytes, smaller ones arrive',
      events: 200
    })
    expect(linesOf(explain?.(context))[0]).toBe('sysctl -w net.ipv4.tcp_mtu_probing=1')
  })

  it('offers no MTU probing for small messages', () => {
    const verdict = explain?.(talking([ended('unacknowledged', 200)]))
    expect(verdict?.title).toMatch(/something on the way drops the packets of established connections$/)
    expect(linesOf(verdict).join()).not.toContain('mtu')
  })

  it('distinguishes a peer that does not know the connection, and an answer whose beginning is lost', () => {
    expect(explain?.(talking([ended('halfOpen', 200)]))?.title).toMatch(/the peer repeats its SYN-ACK/)
    expect(explain?.(talking([ended('answerLost', 200)]))?.title).toMatch(/black hole toward this host$/)
  })

  it('is a warning below a hundredth of the exchanges', () => {
    expect(explain?.(talking([ended('unacknowledged', 99)]))?.severity).toBe('warning')
    expect(explain?.(talking([ended('unacknowledged', 100)]))?.severity).toBe('critical')
  })

  it('counts connections that went silent, unless a device on the path forgot them', () => {
    const early = [ended('silenced', 200, { first: 0 })]
    expect(explain?.(talking(early))?.title).toMatch(/although earlier exchanges .* were answered/)
    const answered = { ...noEndings, early, fresh: 'answered' as const }
    expect(explain?.(talking(early, { endings: answered }))).toBeNull()
    const settled = talking(early, { endings: { ...answered, settledExchanges: 500 } })
    expect(explain?.(settled)?.title).toMatch(/a new connection is answered, so the path was down/)
  })

  it('is silent in a healthy run, and beside a server', () => {
    expect(explain?.(explaining())).toBeNull()
    expect(explain?.(talking([]))).toBeNull()
    expect(explain?.(talking([ended('unanswered', 200)]))).toBeNull()
    expect(explain?.(watching())).toBeNull()
  })
})

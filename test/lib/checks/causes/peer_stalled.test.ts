import { describe, expect, it } from 'vitest'
import { peerStalled } from '../../../../lib/checks/causes/peer_stalled.js'
import { ended, explaining, talking, watching } from '../fixtures.js'

const explain = peerStalled.explain

describe('peer-stalled', () => {
  it('counts exchanges whose data was acknowledged but not answered', () => {
    expect(explain?.(talking([ended('unanswered', 200)]))).toMatchObject({
      severity: 'critical',
      side: 'server',
      title:
        '200 of 10,000 exchanges got no answer within 5 s: the kernel of the peer acknowledged all data, its application did not answer',
      events: 200
    })
  })

  it('says whether the server answered before, and whether part of the answer arrived', () => {
    const before = talking([ended('unanswered', 200, { first: 0 })])
    expect(explain?.(before)?.title).toMatch(/, although it had answered before$/)
    const partly = talking([ended('unanswered', 200, { partial: 150 })])
    expect(explain?.(partly)?.title).toMatch(/got only a part of the answer within 5 s/)
  })

  it('says when the time was too short to tell', () => {
    const context = talking([ended('tooSoon', 200)])
    expect(explain?.(context)?.title).toMatch(/too short a time to tell .* only after 200 ms$/)
  })

  it('counts missing closes', () => {
    expect(explain?.(talking([ended('unclosed', 200)]))?.title).toMatch(
      /^the peer did not close 200 connections within 5 s/
    )
  })

  it('is silent in a healthy run, and beside a server', () => {
    expect(explain?.(explaining())).toBeNull()
    expect(explain?.(talking([ended('unacknowledged', 200)]))).toBeNull()
    expect(explain?.(watching())).toBeNull()
  })
})

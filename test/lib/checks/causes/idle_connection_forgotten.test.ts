import { describe, expect, it } from 'vitest'
import { idleConnectionForgotten } from '../../../../lib/checks/causes/idle_connection_forgotten.js'
import { type Endings, noEndings } from '../../../../lib/checks/context.js'
import { ended, linesOf, talking } from '../fixtures.js'

const silenced = ended('silenced', 200, { first: 0, quietP10Ns: 8e9, quietP50Ns: 10e9, quietP90Ns: 10e9 })

function judge(endings: Partial<Endings>) {
  const early = endings.early ?? [silenced]
  return idleConnectionForgotten.explain?.(
    talking(early, { endings: { ...noEndings, fresh: 'answered', ...endings, early } })
  )
}

describe('idle-connection-forgotten', () => {
  it('names how long connections were idle, and a shorter keepalive', () => {
    const verdict = judge({})
    expect(verdict).toMatchObject({ severity: 'critical', side: 'path', events: 200 })
    expect(verdict?.title).toBe(
      '200 connections were forgotten on the way after 10.0 s idle: their next data was never acknowledged, while a new connection is answered: a NAT or firewall has dropped them from its table'
    )
    expect(linesOf(verdict)[0]).toMatch(/^# --keepalive 4s/)
  })

  it('distinguishes resets from drops', () => {
    expect(judge({ early: [{ ...silenced, cause: 'cutOff' }] })?.title).toMatch(/their next data was reset/)
    expect(judge({ early: [silenced, { ...silenced, cause: 'cutOff' }] })?.title).toMatch(
      /never acknowledged, or reset/
    )
  })

  it('is silent when a new connection is unanswered too, or none was tried', () => {
    expect(judge({ fresh: 'unanswered' })).toBeNull()
    expect(judge({ fresh: 'refused' })).toBeNull()
    expect(judge({ fresh: null })).toBeNull()
  })

  it('is silent when connections survived such idle times before', () => {
    expect(judge({ settledExchanges: 300 })).toBeNull()
    expect(judge({ settledExchanges: 10 })).not.toBeNull()
  })

  it('is silent when the connections were not idle', () => {
    expect(judge({ early: [{ ...silenced, quietP10Ns: 0.1e9 }] })).toBeNull()
    expect(judge({ early: [] })).toBeNull()
  })
})

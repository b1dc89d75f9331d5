import { describe, expect, it } from 'vitest'
import { RunEvents } from '../../../lib/dial/run_events.js'
import type { Finding } from '../../../lib/result/finding.js'

const finding = (id: string): Finding => ({
  id,
  severity: 'critical',
  side: 'server',
  title: `the title of ${id}`,
  evidence: [],
  remedy: []
})

describe('RunEvents', () => {
  it('sorts phases, first failures and findings by time', () => {
    const events = new RunEvents()
    events.notePhase(0, 'dialing')
    events.noteFindings(1.5, [finding('connection-refused')])
    events.notePhase(2.00049, 'holding')
    events.noteFindings(3, [finding('connection-refused'), finding('peer-closed')])
    const refused = { tSeconds: 0.25, phase: 'connect' as const, code: 'ECONNREFUSED', example: 'a > b' }
    expect(events.all([refused], [finding('connection-refused'), finding('peer-closed')])).toEqual([
      { tSeconds: 0, kind: 'phase', name: 'dialing', detail: null },
      { tSeconds: 0.25, kind: 'failure', name: 'connect ECONNREFUSED', detail: 'a > b' },
      {
        tSeconds: 1.5,
        kind: 'finding',
        name: 'connection-refused',
        detail: 'the title of connection-refused'
      },
      { tSeconds: 2, kind: 'phase', name: 'holding', detail: null },
      { tSeconds: 3, kind: 'finding', name: 'peer-closed', detail: 'the title of peer-closed' }
    ])
  })

  it('leaves out a cause that the result no longer names', () => {
    const events = new RunEvents()
    events.noteFindings(1, [finding('syn-loss')])
    expect(events.all([], [])).toEqual([])
  })
})

import { describe, expect, it } from 'vitest'
import { closeWaitLeak } from '../../../../lib/checks/causes/close_wait_leak.js'
import { explaining, serving, watching } from '../fixtures.js'

const holder = { pid: 7, name: 'server', openFiles: 150, nofileSoft: 1024, nofileHard: 1024, stopped: false }
const leaking = serving({ closeWait: { first: 20, now: 140, old: 98, oldUnread: 0 }, holder })

describe('explain', () => {
  it('names the process, and how fast the leak grew', () => {
    expect(closeWaitLeak.explain?.(watching({ served: [leaking] }))).toMatchObject({
      severity: 'warning',
      side: 'server',
      title:
        'server (pid 7) does not close 98 connections at port 8100 that their peers closed 3 s ago or longer: they stay in CLOSE_WAIT, 20 at first and 140 now',
      evidence: expect.arrayContaining([{ name: 'CLOSE_WAIT at port 8100', before: 20, after: 140 }])
    })
  })

  it('names it in a dial whose server is on this host', () => {
    expect(closeWaitLeak.explain?.(explaining({ served: [leaking], peerIsHere: true }))?.events).toBe(98)
  })

  it.each([
    ['a server that is busy closing', serving({ closeWait: { now: 500 }, holder })],
    [
      'a busy server that has yet to read the ends',
      serving({ closeWait: { now: 500, old: 98, oldUnread: 98 }, holder, holderIsBusy: true })
    ],
    ['two that are left', serving({ closeWait: { first: 2, now: 2, old: 2 }, holder })],
    ['a process that a signal has stopped', { ...leaking, holder: { ...holder, stopped: true } }]
  ])('is silent for %s', (_, served) => {
    expect(closeWaitLeak.explain?.(watching({ served: [served] }))).toBeNull()
  })
})

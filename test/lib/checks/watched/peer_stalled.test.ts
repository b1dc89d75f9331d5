import { describe, expect, it } from 'vitest'
import { peerStalled } from '../../../../lib/checks/causes/peer_stalled.js'
import { explaining, linesOf, listening, serving, watching } from '../fixtures.js'

const holder = { pid: 7, name: 'server', openFiles: 150, nofileSoft: 1024, nofileHard: 1024, stopped: false }
const unread = { sockets: 100, bytes: 500, seconds: 4 }

describe('peer-stalled beside a server', () => {
  it('names a process that does not read', () => {
    expect(peerStalled.explain?.(watching({ served: [serving({ stalled: unread, holder })] }))).toMatchObject(
      {
        severity: 'warning',
        side: 'server',
        title:
          'server (pid 7) has read nothing for 4 s on 100 connections at port 8100: 500 bytes wait for it'
      }
    )
  })

  it('says when a signal has stopped the process, and then counts connections waiting to be accepted', () => {
    const served = [serving({ stalled: unread, unaccepted: unread, holder: { ...holder, stopped: true } })]
    const listeners = [listening({ queued: 100, dropped: 30 })]
    const verdict = peerStalled.explain?.(watching({ served, listeners }))
    expect(verdict).toMatchObject({
      title:
        'server (pid 7) is stopped and reads nothing for 4 s on 200 connections at port 8100: 1,000 bytes wait for it',
      events: 230
    })
    expect(linesOf(verdict)[0]).toBe('kill -CONT 7')
  })

  it.each([
    ['a server that reads', serving({ holder })],
    [
      'connections that wait to be accepted by one that is not stopped',
      serving({ unaccepted: unread, holder })
    ]
  ])('is silent for %s', (_, served) => {
    expect(peerStalled.explain?.(watching({ served: [served] }))).toBeNull()
  })

  it('is not reported by a dial', () => {
    expect(
      peerStalled.explain?.(explaining({ served: [serving({ stalled: unread, holder })], peerIsHere: true }))
    ).toBeNull()
  })
})

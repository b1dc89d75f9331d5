import { expect, it } from 'vitest'
import { peerNotReading } from '../../../../lib/checks/causes/peer_not_reading.js'
import { ended, rose, talking, watching } from '../fixtures.js'

it('peer-not-reading counts exchanges that met a closed window', () => {
  const context = talking([ended('notReading', 200, { notSentBytes: 9000, sndWnd: 0 })], {
    deltas: rose({ 'TcpExt.TCPWinProbe': 600 })
  })
  const verdict = peerNotReading.explain?.(context)
  expect(verdict).toMatchObject({
    severity: 'critical',
    side: 'server',
    title:
      '200 of 10,000 exchanges could not be sent within 5 s: the peer does not read, its receive window is closed'
  })
  expect(verdict?.evidence).toContainEqual({ name: 'TcpExt.TCPWinProbe', before: 100, after: 700 })
})

it('peer-not-reading is silent in a healthy run, and beside a server', () => {
  expect(peerNotReading.explain?.(talking([]))).toBeNull()
  expect(peerNotReading.explain?.(watching())).toBeNull()
})

import { describe, expect, it } from 'vitest'
import { peerNotReading } from '../../../../lib/checks/causes/peer_not_reading.js'
import { explaining, serving, watching } from '../fixtures.js'

const served = [serving(), serving({ windowClosed: 20 })]

describe('peer-not-reading beside a server', () => {
  it('is reported with the share of connections', () => {
    expect(peerNotReading.explain?.(watching({ served }))).toMatchObject({
      severity: 'warning',
      title:
        'the clients of 20 of 100 connections at port 8100 (20 %) do not read: their windows are closed, and no data could be sent for 3 s'
    })
  })

  it.each([
    ['two connections of few', serving({ accepted: 10, windowClosed: 2 })],
    ['fewer than a hundredth of the connections', serving({ accepted: 1000, windowClosed: 9 })]
  ])('is silent for %s', (_, port) => {
    expect(peerNotReading.explain?.(watching({ served: [port] }))).toBeNull()
  })

  it('is not reported by a dial', () => {
    expect(peerNotReading.explain?.(explaining({ served, peerIsHere: true }))).toBeNull()
  })
})

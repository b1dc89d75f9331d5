import { describe, expect, it } from 'vitest'
import { dataUnacknowledged } from '../../../../lib/checks/causes/data_unacknowledged.js'
import { explaining, serving, watching } from '../fixtures.js'

const served = [serving(), serving({ unanswered: 20 })]

describe('data-unacknowledged beside a server', () => {
  it('is reported with the share of connections', () => {
    expect(dataUnacknowledged.explain?.(watching({ served }))).toMatchObject({
      severity: 'warning',
      title:
        '20 of 100 connections at port 8100 (20 %) get no acknowledgement of what they sent 3 s ago or longer, although it was sent again'
    })
  })

  it.each([
    ['two connections of few', serving({ accepted: 10, unanswered: 2 })],
    ['fewer than a hundredth of the connections', serving({ accepted: 1000, unanswered: 9 })]
  ])('is silent for %s', (_, port) => {
    expect(dataUnacknowledged.explain?.(watching({ served: [port] }))).toBeNull()
  })

  it('is not reported by a dial', () => {
    expect(dataUnacknowledged.explain?.(explaining({ served, peerIsHere: true }))).toBeNull()
  })
})

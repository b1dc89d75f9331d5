import { describe, expect, it } from 'vitest'
import { isPeerHere, isTargetHere } from '../../../lib/observe/peer_place.js'
import { target } from '../checks/fixtures.js'

const at = (address: string) => ({ ...target, address })
const own = ['127.0.0.1', '192.0.2.2']

describe('isTargetHere', () => {
  it.each([
    ['true for loopback', '127.0.0.9', true],
    ['true for IPv6 loopback', '::1', true],
    ['true for an address of this host', '192.0.2.2', true],
    ['false for another host', '192.0.2.9', false]
  ])('is %s', (_, address, expected) => {
    expect(isTargetHere({ address }, own)).toBe(expected)
  })
})

describe('isPeerHere', () => {
  it('is true for a self-dial', () => {
    expect(isPeerHere({ selfDial: true, targets: [] }, own)).toBe(true)
  })

  it('is true when one of several targets is here', () => {
    const targets = [at('192.0.2.9'), at('192.0.2.2')]
    expect(isPeerHere({ selfDial: false, targets }, own)).toBe(true)
  })

  it('is false when every target is on another host', () => {
    expect(isPeerHere({ selfDial: false, targets: [at('192.0.2.9')] }, own)).toBe(false)
  })
})

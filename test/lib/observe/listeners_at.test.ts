import { describe, expect, it } from 'vitest'
import { listenersAt } from '../../../lib/observe/listeners_at.js'

const at = (address: string, firstPort: number, lastPort = firstPort) => ({ address, firstPort, lastPort })

const chosen = (ends: ReturnType<typeof at>[], ...addresses: string[]) =>
  [
    ...listenersAt(
      addresses.map((address) => ({ address })),
      ends
    )
  ].map(({ address }) => address)

describe('listenersAt', () => {
  it('returns those at the address and port', () => {
    expect(chosen([at('127.0.0.1', 80)], '127.0.0.1:80', '127.0.0.1:81', '127.0.0.2:80')).toEqual([
      '127.0.0.1:80'
    ])
  })

  it('returns each of several that share them', () => {
    expect(chosen([at('127.0.0.1', 80)], '127.0.0.1:80', '127.0.0.1:80')).toHaveLength(2)
  })

  it('returns those at any address when none has the exact address, IPv4 before IPv6', () => {
    const everywhere = ['0.0.0.0:80', '[::]:80']
    expect(chosen([at('127.0.0.1', 80)], '127.0.0.1:80', ...everywhere)).toEqual(['127.0.0.1:80'])
    expect(chosen([at('127.0.0.1', 80)], ...everywhere)).toEqual(['0.0.0.0:80'])
    expect(chosen([at('127.0.0.1', 80)], '[::]:80')).toEqual(['[::]:80'])
    expect(chosen([at('::1', 80)], ...everywhere)).toEqual(['[::]:80'])
    expect(chosen([at('::1', 80)], '0.0.0.0:80')).toEqual([])
  })

  it('decides for each port separately', () => {
    expect(chosen([at('127.0.0.1', 80, 90)], '127.0.0.1:80', '0.0.0.0:85', '0.0.0.0:95')).toEqual([
      '127.0.0.1:80',
      '0.0.0.0:85'
    ])
  })
})

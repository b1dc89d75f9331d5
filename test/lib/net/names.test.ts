import { describe, expect, it } from 'vitest'
import type { Family } from '../../../lib/net/address.js'
import { addressesOf, chooseAddresses, lookupFailure } from '../../../lib/net/names.js'

type Host = [string, ...string[]]
const v4: Host = ['198.18.0.1', '198.18.0.2']
const both: Host = ['fd00::1', '198.18.0.1', 'fd00::2', '198.18.0.3']

describe('addressesOf', () => {
  it('returns a numeric address in canonical form', async () => {
    expect(await addressesOf('::FFFF:198.18.0.1')).toEqual(['198.18.0.1'])
  })

  it('leaves out the zone of a numeric address', async () => {
    expect(await addressesOf('FE80::1%eth0')).toEqual(['fe80::1'])
  })

  it('returns each address of a name once', async () => {
    const addresses = await addressesOf('localhost')
    expect(new Set(addresses).size).toBe(addresses.length)
    expect(addresses).toContain('127.0.0.1')
  })
})

describe('lookupFailure', () => {
  const failed = (code: string) => lookupFailure('db.test', Object.assign(new Error('failed'), { code }))

  it('tells a resolver that does not answer from a name that does not exist', () => {
    expect(failed('EAI_AGAIN')).toMatchObject({
      code: 'C1M_TARGET_UNRESOLVED',
      message: "the name 'db.test' cannot be looked up: the resolver did not answer (EAI_AGAIN)",
      hint: 'Try again, check the name servers in /etc/resolv.conf (getent hosts db.test), or write the address.',
      exitCode: 4
    })
    expect(failed('ENOTFOUND')).toMatchObject({
      code: 'C1M_TARGET_UNRESOLVED',
      message: "the name 'db.test' has no address (ENOTFOUND)",
      hint: 'Check the spelling and the resolver (getent hosts db.test), or write the address.',
      exitCode: 4
    })
  })
})

describe('chooseAddresses', () => {
  const dialed = (...args: Parameters<typeof chooseAddresses>) =>
    chooseAddresses(...args).map((one) => one.dialed)

  it('takes the first address of each host, and lists the others', () => {
    expect(chooseAddresses([v4], 'first')).toEqual([{ dialed: ['198.18.0.1'], others: ['198.18.0.2'] }])
    expect(chooseAddresses([['198.18.0.1']], 'first')).toEqual([{ dialed: ['198.18.0.1'], others: [] }])
    expect(chooseAddresses([], 'first')).toEqual([])
  })

  it('takes all addresses of one family, and lists those of the other', () => {
    expect(chooseAddresses([both], 'all')).toEqual([
      { dialed: ['fd00::1', 'fd00::2'], others: ['198.18.0.1', '198.18.0.3'] }
    ])
  })

  it('takes the only family of a host', () => {
    expect(dialed([both, v4], 'first')).toEqual([['198.18.0.1'], ['198.18.0.1']])
    expect(dialed([both, v4], 'all')).toEqual([['198.18.0.1', '198.18.0.3'], v4])
  })

  it('takes the family of the sources, which it reads only when there is a choice', () => {
    expect(dialed([both], 'first', { family: () => 4 })).toEqual([['198.18.0.1']])
    const family = (): Family => {
      throw new Error('asked')
    }
    expect(dialed([v4], 'first', { family })).toEqual([['198.18.0.1']])
  })

  it('takes the family that this host has a route for', () => {
    const hasRoute = (address: string) => !address.includes(':')
    expect(dialed([both], 'all', { hasRoute })).toEqual([['198.18.0.1', '198.18.0.3']])
    expect(dialed([both], 'first', { hasRoute: () => false })).toEqual([['fd00::1']])
  })

  it('keeps a host without an address of that family, which is refused later', () => {
    expect(dialed([v4, ['fd00::1']], 'all')).toEqual([v4, ['fd00::1']])
  })
})

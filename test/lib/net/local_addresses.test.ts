import { networkInterfaces } from 'node:os'
import { describe, expect, it } from 'vitest'
import {
  addressesInProc,
  networkDevices,
  ownAddresses,
  unsettledAddresses
} from '../../../lib/net/local_addresses.js'
import { fakeRoot } from '../host/fake_root.js'

describe('ownAddresses', () => {
  it('returns the addresses of the interfaces', () => {
    const listed = Object.values(networkInterfaces()).flatMap((list = []) =>
      list.map(({ address }) => address)
    )
    expect([...ownAddresses()].sort()).toEqual([...new Set(listed)].sort())
  })
})

describe('addressesInProc', () => {
  it('returns the same addresses as the kernel through netlink', () => {
    // 127/8 is local as a whole; os.networkInterfaces() leaves out interfaces that are down.
    expect([...addressesInProc('/proc')]).toEqual(expect.arrayContaining([...ownAddresses()]))
  })

  it('returns the local host routes of any table, and the IPv6 addresses', () => {
    const root = fakeRoot({
      'net/fib_trie': [
        'Main:',
        '  +-- 0.0.0.0/0 3 0 5',
        '     |-- 0.0.0.0',
        '        /0 universe UNICAST',
        '     |-- 10.0.0.2',
        '        /32 link UNICAST',
        '     |-- 192.0.2.2',
        '        /24 link UNICAST',
        '        /32 host LOCAL',
        '     |-- 192.0.2.255',
        '        /32 link BROADCAST',
        ''
      ].join('\n'),
      'net/if_inet6': [
        'fe8000000000000000fc00fffe000001 04 40 20 80     eth0',
        '00000000000000000000000000000001 01 80 10 80       lo',
        ''
      ].join('\n')
    })
    expect([...addressesInProc(root)]).toEqual(['192.0.2.2', 'fe80::fc:ff:fe00:1', '::1'])
  })

  it('returns nothing when no file can be read', () => {
    expect(addressesInProc('/nonexistent')).toEqual(new Set())
  })
})

describe('networkDevices', () => {
  it('returns those of this network namespace', () => {
    expect(networkDevices()).toEqual(expect.arrayContaining(Object.keys(networkInterfaces())))
  })

  it('includes devices that are down or have no address', () => {
    const lines = ['Inter-|   Receive', ' face |bytes', '    lo:       0       0', 'veth-1.2:    1   2', '']
    expect(networkDevices(fakeRoot({ 'net/dev': lines.join('\n') }))).toEqual(['lo', 'veth-1.2'])
  })

  it('returns null when /proc cannot be read', () => {
    expect(networkDevices(fakeRoot({}))).toBeNull()
  })
})

describe('unsettledAddresses', () => {
  it('returns those that duplicate address detection keeps from being used', () => {
    // Linux 6.18: tentative, failed, settled, and one that is optimistic.
    const root = fakeRoot({
      'net/if_inet6': [
        'fd000001000000000000000000000077 02 40 00 c0  eth0.100',
        'fd000001000000000000000000000002 02 40 00 c8       e0',
        'fd000001000000000000000000000001 02 40 00 82       e0',
        'fd000001000000000000000000000003 02 40 00 c4       e0',
        ''
      ].join('\n')
    })
    expect(unsettledAddresses(root)).toEqual([
      { address: 'fd00:1::77', prefix: 64, device: 'eth0.100', state: 'tentative' },
      { address: 'fd00:1::2', prefix: 64, device: 'e0', state: 'duplicate' }
    ])
    expect(unsettledAddresses('/nonexistent')).toEqual([])
  })
})

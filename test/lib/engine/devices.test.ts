import { networkInterfaces } from 'node:os'
import { describe, expect, it } from 'vitest'
import { findRoute, listDevices, nextHop, routeDevice } from '../../../lib/engine/devices.js'
import { native } from '../../../lib/engine/native.js'

describe('listDevices', () => {
  it('gives the same addresses as Node for each device that is up', () => {
    const byName = new Map(listDevices().map((device) => [device.name, device]))
    for (const [name, list = []] of Object.entries(networkInterfaces())) {
      const device = byName.get(name.replace(/:.*/, ''))
      expect(device).toMatchObject({ up: true, carrier: true })
      expect(device?.addresses).toEqual(expect.arrayContaining(list.map(({ cidr }) => cidr)))
    }
  })
})

describe('routeDevice', () => {
  it('is loopback for traffic that never leaves this host', () => {
    expect(routeDevice('127.0.0.1')).toBe('lo')
    expect(routeDevice('127.0.0.1', '127.0.1.1')).toBe('lo')
  })

  it.each([
    [{ target: 'localhost' }, 'target must be a numeric IPv4 or IPv6 address'],
    [{ target: undefined }, 'target must be a string'],
    [{ source: 'lo' }, 'source must be a numeric IPv4 or IPv6 address'],
    [{ target: '127.0.0.1\0lo' }, 'target must be a numeric IPv4 or IPv6 address'],
    [{ source: '::1' }, 'source must be of the same family as target'],
    [{ port: 65_536 }, 'port must be a number from 0 to 65535'],
    [{ mark: -1 }, 'mark must be a number from 0 to 4294967295'],
    [{ device: undefined }, 'device must be a string']
  ])('refuses %j', (changes, message) => {
    const query = { target: '127.0.0.1', port: 80, mark: 0, device: '', ...changes }
    expect(() => native().findRoute(query as never)).toThrow(message)
  })
})

describe('findRoute', () => {
  it('gives the device and the source address of the packets', () => {
    expect(findRoute({ target: '127.0.0.1' })).toEqual({ device: 'lo', source: '127.0.0.1' })
    expect(findRoute({ target: '127.0.0.1', port: 80, mark: 1, device: 'lo' })).toMatchObject({
      device: 'lo'
    })
  })

  it('gives the error of the kernel when there is no route', () => {
    expect(findRoute({ target: '127.0.0.1', source: '224.0.0.1' })).toEqual({ error: 'EINVAL' })
  })

  it('refuses contradictory arguments', () => {
    expect(() => findRoute({ target: '127.0.0.1', device: 'nosuch0' })).toThrow('if_nametoindex')
  })
})

describe('nextHop', () => {
  it('is the target itself on loopback, which has no hardware addresses', () => {
    // NUD_NOARP, or no entry yet.
    expect(nextHop('127.0.0.1')).toMatchObject({ address: '127.0.0.1', device: 'lo' })
    expect([0, 0x40]).toContain(nextHop('127.0.0.1').state)
  })

  it('refuses a host name', () => {
    const call = native().nextHop as (...args: unknown[]) => unknown
    expect(() => call('localhost')).toThrow('target must be a numeric IPv4 or IPv6 address')
    expect(() => call('127.0.0.1', '::1')).toThrow('source must be of the same family as target')
  })
})

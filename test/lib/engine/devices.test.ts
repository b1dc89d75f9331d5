import { networkInterfaces } from 'node:os'
import { describe, expect, it } from 'vitest'
import { listDevices, routeDevice } from '../../../lib/engine/devices.js'
import { native } from '../../../lib/engine/native.js'

describe('listDevices', () => {
  it('gives the addresses of each device that is up as Node does', () => {
    const byName = new Map(listDevices().map((device) => [device.name, device]))
    for (const [name, list = []] of Object.entries(networkInterfaces())) {
      const device = byName.get(name.replace(/:.*/, ''))
      expect(device).toMatchObject({ up: true, carrier: true })
      expect(device?.addresses).toEqual(expect.arrayContaining(list.map(({ cidr }) => cidr)))
    }
  })
})

describe('routeDevice', () => {
  it('is loopback for what never leaves this host', () => {
    expect(routeDevice('127.0.0.1')).toBe('lo')
    expect(routeDevice('127.0.0.1', '127.0.1.1')).toBe('lo')
  })

  it.each([
    [['localhost'], 'target must be a numeric IPv4 or IPv6 address'],
    [[], 'target must be a string'],
    [['127.0.0.1', 'lo'], 'source must be a numeric IPv4 or IPv6 address'],
    [['127.0.0.1\0lo'], 'target must be a numeric IPv4 or IPv6 address'],
    [['127.0.0.1', '::1'], 'source must be of the family of target']
  ])('refuses %j', (args, message) => {
    const call = native().routeDevice as (...args: unknown[]) => string
    expect(() => call(...args)).toThrow(message)
  })
})

import { describe, expect, it } from 'vitest'
import {
  addressAfter,
  addressesWithin,
  countAddresses,
  formatAddress,
  formatEndpoint,
  isLoopback,
  isOneToMany,
  isPrivate,
  isUnspecified,
  mergeRanges,
  parseAddress,
  parseAddressRange
} from '../../../lib/net/address.js'

describe('parseAddress and formatAddress', () => {
  it.each([
    ['0.0.0.0', 4, 0n],
    ['127.0.0.1', 4, 0x7f00_0001n],
    ['255.255.255.255', 4, 0xffff_ffffn],
    ['::', 6, 0n],
    ['::1', 6, 1n],
    ['fe80::1', 6, (0xfe80n << 112n) | 1n],
    ['2001:db8:1:2:3:4:5:6', 6, 0x2001_0db8_0001_0002_0003_0004_0005_0006n],
    ['1::', 6, 1n << 112n]
  ] as const)('agree on %s', (text, family, value) => {
    expect(parseAddress(text)).toEqual({ family, value })
    expect(formatAddress({ family, value })).toBe(text)
  })

  it('write other spellings in canonical form', () => {
    const canonical = ['2001:DB8:0:0:0:0:0:1', '::ffff:10.0.0.1', '::FFFF:a00:1', '64:ff9b::10.0.0.1'].map(
      (text) => {
        const address = parseAddress(text)
        return address && formatAddress(address)
      }
    )
    expect(canonical).toEqual(['2001:db8::1', '10.0.0.1', '10.0.0.1', '64:ff9b::a00:1'])
  })

  it.each([
    '',
    'localhost',
    '1.2.3',
    '1.2.3.256',
    '01.2.3.4',
    '1.2.3.4.5',
    ':::',
    '1::2::3',
    '[::1]',
    'fe80::1%eth0',
    '12345::'
  ])('refuse %j', (text) => {
    expect(parseAddress(text)).toBeNull()
  })
})

describe('parseAddressRange', () => {
  it.each([
    ['10.0.0.5', '10.0.0.5', '10.0.0.5'],
    ['10.0.0.5-10.0.1.2', '10.0.0.5', '10.0.1.2'],
    ['10.0.0.5-10.0.0.5', '10.0.0.5', '10.0.0.5'],
    ['10.0.0.0/24', '10.0.0.1', '10.0.0.254'],
    ['10.0.0.77/24', '10.0.0.1', '10.0.0.254'],
    ['10.0.0.4/30', '10.0.0.5', '10.0.0.6'],
    ['10.0.0.4/31', '10.0.0.4', '10.0.0.5'],
    ['10.0.0.4/32', '10.0.0.4', '10.0.0.4'],
    ['0.0.0.0/0', '0.0.0.1', '255.255.255.254'],
    ['fd00::/64', 'fd00::1', 'fd00::ffff:ffff:ffff:ffff'],
    ['fd00::1-fd00::ff', 'fd00::1', 'fd00::ff'],
    ['fd00::8/127', 'fd00::8', 'fd00::9']
  ])('reads %s', (text, first, last) => {
    expect(parseAddressRange(text)).toEqual({ first, last })
  })

  it.each([
    '',
    'eth0',
    '10.0.0.2-10.0.0.1',
    '10.0.0.1-fd00::1',
    '10.0.0.0/33',
    'fd00::/129',
    '10.0.0.0/',
    '10.0.0.0/x',
    '10.0.0.1-',
    '1.1.1.1-1.1.1.2-1.1.1.3',
    '10.0.0.1-10.0.0.2/24',
    'br-10'
  ])('refuses %j', (text) => {
    expect(parseAddressRange(text)).toBeNull()
  })
})

it('countAddresses counts the addresses of ranges', () => {
  expect(countAddresses([])).toBe(0n)
  expect(
    countAddresses([
      { first: '10.0.0.0', last: '10.0.0.255' },
      { first: '10.1.0.1', last: '10.1.0.1' }
    ])
  ).toBe(257n)
  expect(countAddresses([{ first: 'fd00::', last: 'fd00::ffff:ffff:ffff:ffff' }])).toBe(2n ** 64n)
})

it('addressAfter steps from one address to another', () => {
  expect(addressAfter('127.0.1.254', 3n)).toBe('127.0.2.1')
  expect(addressAfter('fd00::ffff', 1n)).toBe('fd00::1:0')
})

it('mergeRanges merges ranges that overlap or touch, in ascending order', () => {
  const merged = mergeRanges([
    { first: '10.0.1.0', last: '10.0.1.9' },
    { first: '10.0.0.0', last: '10.0.0.9' },
    { first: '10.0.0.5', last: '10.0.0.7' },
    { first: '10.0.0.10', last: '10.0.0.12' },
    { first: '10.0.0.14', last: '10.0.0.14' }
  ])
  expect(merged).toEqual([
    { first: '10.0.0.0', last: '10.0.0.12' },
    { first: '10.0.0.14', last: '10.0.0.14' },
    { first: '10.0.1.0', last: '10.0.1.9' }
  ])
})

describe('kinds of address', () => {
  it.each(['127.0.0.1', '127.255.255.254', '::1', '::ffff:127.0.0.1'])('%s is loopback', (address) => {
    expect([isLoopback(address), isPrivate(address)]).toEqual([true, false])
  })

  it.each([
    '10.0.0.1',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.2.120',
    '169.254.1.1',
    '100.64.0.1',
    '198.18.0.1',
    '198.19.255.255',
    'fd12::1',
    'fe80::1',
    '2001:2::1',
    '::ffff:10.0.0.1'
  ])('%s is private', (address) => {
    expect([isLoopback(address), isPrivate(address)]).toEqual([false, true])
  })

  it.each([
    '8.8.8.8',
    '128.0.0.1',
    '172.32.0.1',
    '100.128.0.1',
    '198.20.0.1',
    '2001:db8::1',
    '::2',
    '::ffff:8.8.8.8'
  ])('%s is neither loopback nor private', (address) => {
    expect([isLoopback(address), isPrivate(address)]).toEqual([false, false])
  })

  it.each(['224.0.0.1', '239.1.1.1', '255.255.255.255', 'ff02::1'])(
    '%s is a multicast or broadcast address',
    (address) => {
      expect(isOneToMany(address)).toBe(true)
    }
  )

  it.each(['0.0.0.0', '0.1.2.3', '::'])('%s is an unspecified address', (address) => {
    expect(isUnspecified(address)).toBe(true)
  })

  it('are defined for numeric addresses only', () => {
    expect(() => isPrivate('example.org')).toThrow(TypeError)
  })
})

it('formatEndpoint puts an IPv6 address in brackets', () => {
  expect([
    formatEndpoint('10.0.0.1', 80),
    formatEndpoint('::1', 80),
    formatEndpoint('host', '80-90')
  ]).toEqual(['10.0.0.1:80', '[::1]:80', 'host:80-90'])
})

describe('addressesWithin', () => {
  const isIn = addressesWithin([
    { first: '198.18.0.5', last: '198.18.0.9' },
    { first: 'fd00::1', last: 'fd00::1' }
  ])

  it.each(['198.18.0.5', '198.18.0.9', 'fd00::1'])('contains %s', (address) => {
    expect(isIn(address)).toBe(true)
  })

  it.each(['198.18.0.4', '198.18.0.10', 'fd00::2', '::c612:5'])('does not contain %s', (address) => {
    expect(isIn(address)).toBe(false)
  })
})

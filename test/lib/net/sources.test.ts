import { networkInterfaces } from 'node:os'
import { describe, expect, it } from 'vitest'
import { countAddresses } from '../../../lib/net/address.js'
import {
  type AskRoute,
  familyOfSources,
  parseSource,
  resolveSources,
  type SourceNeeds
} from '../../../lib/net/sources.js'
import type { Target } from '../../../lib/net/target.js'
import { caught } from '../../helpers/caught.js'

const target = (address: string): Target => ({ host: address, address, firstPort: 80, lastPort: 80 })

const needs = (connections: number, ...addresses: string[]): SourceNeeds => ({
  targets: addresses.map(target),
  connections,
  tuplesPerAddress: 64_512
})

/** TEST-NET-3 (RFC 5737), which no host has. */
const foreign = '203.0.113.77'

/** An address of this host other than loopback, if it has one. */
const own = Object.values(networkInterfaces())
  .flatMap((list = []) => list)
  .find(({ internal, family }) => !internal && family === 'IPv4')?.address

describe('parseSource', () => {
  it.each([
    ['10.0.0.1', '10.0.0.1', '10.0.0.1'],
    ['10.0.0.1-10.0.0.9', '10.0.0.1', '10.0.0.9'],
    ['10.0.0.0/24', '10.0.0.1', '10.0.0.254']
  ])('reads %s', (spec, first, last) => {
    expect(parseSource(spec, 4)).toEqual([{ first, last }])
  })

  it('takes the addresses of an interface, in the requested family', () => {
    expect(parseSource('lo', 4)).toEqual([{ first: '127.0.0.1', last: '127.0.0.1' }])
  })

  it.each([
    ['10.0.0.9-10.0.0.1', 'is a reversed range, or mixes IPv4 and IPv6'],
    ['10.0.0.9-fd00::1', 'is a reversed range, or mixes IPv4 and IPv6'],
    ['10.0.0.0/33', 'has a prefix length that its address does not allow'],
    ['10.0.0.0/', 'has a prefix length that its address does not allow'],
    ['no-such-if0', 'is neither an address, nor a range, nor an interface that is up'],
    ['', 'is neither an address, nor a range, nor an interface that is up'],
    ['fd00::1', 'is IPv6, and the target is IPv4'],
    ['0.0.0.0', 'is not the address of one host'],
    ['224.0.0.1', 'is not the address of one host'],
    ['255.255.255.255', 'is not the address of one host'],
    ['0.0.0.0/0', 'is not the address of one host']
  ])('refuses %j', (spec, reason) => {
    expect(caught(() => parseSource(spec, 4))).toMatchObject({
      code: 'C1M_SOURCE_INVALID',
      message: `source '${spec}' ${reason}`,
      exitCode: 2
    })
  })
})

describe('familyOfSources', () => {
  it.each([
    [['10.0.0.1'], 4],
    [['10.0.0.1-10.0.0.9', '10.0.1.0/24'], 4],
    [['fd00::1'], 6],
    [['10.0.0.1', 'fd00::1'], undefined],
    [['nowhere0'], undefined],
    [[], undefined]
  ])('of %j is %s', (specs, family) => {
    expect(familyOfSources(specs)).toBe(family)
  })
})

describe('named sources', () => {
  it('may be anything in 127/8 for loopback targets', async () => {
    expect(await resolveSources(['127.0.2.0/24', '127.9.9.9'], needs(10, '127.0.0.1'))).toEqual([
      { first: '127.0.2.1', last: '127.0.2.254' },
      { first: '127.9.9.9', last: '127.9.9.9' }
    ])
  })

  it('are merged when they overlap', async () => {
    const specs = ['127.0.2.5-127.0.2.9', '127.0.2.1-127.0.2.6', '127.0.2.7']
    expect(await resolveSources(specs, needs(10))).toEqual([{ first: '127.0.2.1', last: '127.0.2.9' }])
  })

  it('must belong to this host', async () => {
    await expect(resolveSources([foreign], needs(10, '198.18.0.1'))).rejects.toMatchObject({
      code: 'C1M_SOURCE_NOT_LOCAL',
      message: `source ${foreign} is not an address of this host (EADDRNOTAVAIL)`,
      hint: expect.stringContaining(`ip address add ${foreign}/32 dev`),
      cause: expect.any(Error),
      exitCode: 2
    })
    await expect(resolveSources([`127.0.0.1-${foreign}`], needs(10))).rejects.toMatchObject({
      code: 'C1M_SOURCE_NOT_LOCAL'
    })
    await expect(resolveSources(['2001:db8::77'], needs(10, '::1'))).rejects.toMatchObject({
      code: 'C1M_SOURCE_NOT_LOCAL',
      hint: expect.stringContaining('2001:db8::77/128')
    })
  })

  it('reach other hosts only if they are not loopback', async () => {
    await expect(resolveSources(['127.0.0.1'], needs(10, '198.18.0.1'))).rejects.toMatchObject({
      code: 'C1M_SOURCE_INVALID',
      message: 'source 127.0.0.1 is loopback and cannot reach 198.18.0.1'
    })
  })

  it.skipIf(!own)('may be the own address of this host (needs an interface besides loopback)', async () => {
    const range = { first: own ?? '', last: own ?? '' }
    expect(await resolveSources([range.first], needs(10, '127.0.0.1'))).toEqual([range])
    expect(await resolveSources(['127.0.0.1'], needs(10, range.first))).toEqual([
      { first: '127.0.0.1', last: '127.0.0.1' }
    ])
  })
})

describe('default sources', () => {
  it.each([
    [1, 1],
    [63_000, 1],
    [64_512, 2],
    [100_000, 2],
    [1_000_000, 16]
  ])('for %d connections on loopback are %d addresses from 127.0.1.1 up', async (connections, addresses) => {
    for (const targets of [[], ['127.0.0.1'], ['127.0.0.1', '127.0.0.2']]) {
      const [range, ...others] = await resolveSources([], needs(connections, ...targets))
      expect(others).toEqual([])
      expect(range?.first).toBe('127.0.1.1')
      expect(countAddresses(range ? [range] : [])).toBe(BigInt(addresses))
    }
  })

  it('stay within 127/8', async () => {
    const [range] = await resolveSources([], { targets: [], connections: 2 ** 31 - 1, tuplesPerAddress: 1 })
    expect(range).toEqual({ first: '127.0.1.1', last: '127.255.255.254' })
  })

  it('are ::1 for IPv6 loopback', async () => {
    expect(await resolveSources([], needs(10, '::1'))).toEqual([{ first: '::1', last: '::1' }])
  })

  it.skipIf(!own)(
    'are chosen by the route for other targets (needs an interface besides loopback)',
    async () => {
      const range = { first: own, last: own }
      expect(await resolveSources([], needs(10, own ?? ''))).toEqual([range])
      await expect(resolveSources([], needs(10, '127.0.0.1', own ?? ''))).rejects.toMatchObject({
        code: 'C1M_SOURCE_INVALID',
        message: `no one source address serves all targets: 127.0.0.1 is reached from 127.0.0.1, ${own} from ${own}`
      })
    }
  )

  it('require a route', async () => {
    await expect(resolveSources([], needs(10, '255.255.255.255'))).rejects.toMatchObject({
      code: 'C1M_ROUTE_UNKNOWN',
      message: expect.stringMatching(/^this host has no route to 255\.255\.255\.255 \(E[A-Z]+\)$/),
      hint: 'Look at: ip route get 255.255.255.255'
    })
  })

  it('come from the kernel through connect(2) when netlink is not available', async () => {
    const asked = (answer: ReturnType<AskRoute>) =>
      resolveSources([], { ...needs(10, '198.18.0.1'), askRoute: () => answer })
    const range = { first: '198.18.0.9', last: '198.18.0.9' }
    expect(await asked({ source: '198.18.0.9' })).toEqual([range])
    await expect(asked({ error: 'EHOSTUNREACH' })).rejects.toMatchObject({
      code: 'C1M_ROUTE_UNKNOWN',
      message: 'this host has no route to 198.18.0.1 (EHOSTUNREACH)'
    })
  })
})

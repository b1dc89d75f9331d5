import { networkInterfaces } from 'node:os'
import { describe, expect, it } from 'vitest'
import { planSources } from '../../../lib/plan/planned_sources.js'

const target = (address: string) => ({ host: address, address, firstPort: 80, lastPort: 80 })
const needs = (...addresses: string[]) => ({
  targets: addresses.map(target),
  connections: 100_000,
  tuplesPerAddress: 64_512
})
const fine = { missing: [], unsettled: [], unrouted: [], assumed: false }

describe('on this host', () => {
  it('finds what dial would', async () => {
    const ranges = [{ first: '127.0.1.1', last: '127.0.1.2' }]
    expect(await planSources([], needs(), true)).toEqual({ ranges, ...fine })
    expect(await planSources(['127.0.1.1-127.0.1.2'], needs('127.0.0.1'), true)).toEqual({ ranges, ...fine })
  })

  it('names addresses that are not there, instead of failing', async () => {
    const planned = await planSources(['198.51.100.1-198.51.100.3', '127.0.0.5'], needs('127.0.0.1'), true)
    expect(planned.missing).toEqual(['198.51.100.1', '198.51.100.2', '198.51.100.3'])
    expect(planned.ranges).toHaveLength(2)
  })

  it('still refuses what makes no sense', async () => {
    await expect(planSources(['nowhere0'], needs('127.0.0.1'), true)).rejects.toMatchObject({
      code: 'C1M_SOURCE_INVALID'
    })
  })
})

describe('on another host', () => {
  it('believes every address', async () => {
    const ranges = [{ first: '192.0.2.44', last: '192.0.2.44' }]
    expect(await planSources(['192.0.2.44'], needs('192.0.2.120'), false)).toEqual({ ranges, ...fine })
  })

  it('assumes one address where the route would choose', async () => {
    const v4 = await planSources([], needs('192.0.2.120'), false)
    expect(v4).toEqual({ ...fine, ranges: [{ first: '0.0.0.0', last: '0.0.0.0' }], assumed: true })
    const v6 = await planSources([], needs('2001:db8::1'), false)
    expect(v6.ranges).toEqual([{ first: '::', last: '::' }])
  })

  it('takes no interface of this host for one of the other', async () => {
    const [name = 'lo'] = Object.keys(networkInterfaces())
    await expect(planSources([name], needs('192.0.2.120'), false)).rejects.toMatchObject({
      code: 'C1M_SOURCE_INVALID',
      message: `source '${name}' is not an address, and the interfaces of another host are unknown`
    })
  })

  it('refuses an address of the wrong family, and nonsense', async () => {
    for (const spec of ['::1', '192.0.2.9-192.0.2.1', '1.2.3'])
      await expect(planSources([spec], needs('192.0.2.120'), false)).rejects.toMatchObject({
        code: 'C1M_SOURCE_INVALID'
      })
  })
})

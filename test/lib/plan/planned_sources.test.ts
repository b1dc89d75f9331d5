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

describe('planned sources on this host', () => {
  it('are those that dial would use', async () => {
    const ranges = [{ first: '127.0.1.1', last: '127.0.1.2' }]
    expect(await planSources([], needs(), true)).toEqual({ ranges, ...fine })
    expect(await planSources(['127.0.1.1-127.0.1.2'], needs('127.0.0.1'), true)).toEqual({ ranges, ...fine })
  })

  it('include addresses that do not exist, instead of failing', async () => {
    const planned = await planSources(['198.51.100.1-198.51.100.3', '127.0.0.5'], needs('127.0.0.1'), true)
    expect(planned.missing).toEqual(['198.51.100.1', '198.51.100.2', '198.51.100.3'])
    expect(planned.ranges).toHaveLength(2)
  })

  it('are refused when they are invalid', async () => {
    await expect(planSources(['nowhere0'], needs('127.0.0.1'), true)).rejects.toMatchObject({
      code: 'C1M_SOURCE_INVALID'
    })
  })
})

describe('planned sources on another host', () => {
  it('include every given address', async () => {
    const ranges = [{ first: '192.0.2.44', last: '192.0.2.44' }]
    expect(await planSources(['192.0.2.44'], needs('192.0.2.120'), false)).toEqual({ ranges, ...fine })
  })

  it('are one address when the route would choose', async () => {
    const v4 = await planSources([], needs('192.0.2.120'), false)
    expect(v4).toEqual({ ...fine, ranges: [{ first: '0.0.0.0', last: '0.0.0.0' }], assumed: true })
    const v6 = await planSources([], needs('2001:db8::1'), false)
    expect(v6.ranges).toEqual([{ first: '::', last: '::' }])
  })

  it('ignore an interface of this host', async () => {
    const [name = 'lo'] = Object.keys(networkInterfaces())
    await expect(planSources([name], needs('192.0.2.120'), false)).rejects.toMatchObject({
      code: 'C1M_SOURCE_INVALID',
      message: `source '${name}' is not an address, and the interfaces of another host are unknown`
    })
  })

  it('are refused in the wrong family or when they are invalid', async () => {
    for (const spec of ['::1', '192.0.2.9-192.0.2.1', '1.2.3'])
      await expect(planSources([spec], needs('192.0.2.120'), false)).rejects.toMatchObject({
        code: 'C1M_SOURCE_INVALID'
      })
  })
})

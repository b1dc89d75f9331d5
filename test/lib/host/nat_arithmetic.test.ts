import { describe, expect, it } from 'vitest'
import {
  portCount,
  reuseRatePerSecond,
  sourceAddressesFor,
  tupleCount,
  tupleLifetimeSeconds
} from '../../../lib/host/nat_arithmetic.js'

const ports = portCount(2048, 65535)

describe('a NAT with the ports 2048 to 65535', () => {
  it('has 63,488 ports', () => {
    expect(ports).toBe(63_488)
  })

  it.each([
    [tupleLifetimeSeconds.timeWaitOldWheel, 564],
    [tupleLifetimeSeconds.timeWaitRedHat3, 1049],
    [tupleLifetimeSeconds.tracking, 529]
  ])('reuses a port within %d s from %i/s up', (lifetime, perSecond) => {
    expect(Math.floor(reuseRatePerSecond({ ports }, lifetime))).toBe(perSecond)
    // Counting the ports as 65535 - 2048 gives the same.
    expect(Math.floor(reuseRatePerSecond({ ports: ports - 1 }, lifetime))).toBe(perSecond)
  })

  it('multiplies its ports by three source addresses, and by three destinations', () => {
    const one = reuseRatePerSecond({ ports }, 112.5)
    expect(reuseRatePerSecond({ ports, sourceAddresses: 3 }, 112.5)).toBeCloseTo(3 * one)
    expect(reuseRatePerSecond({ ports, destinations: 3 }, 112.5)).toBeCloseTo(3 * one)
    expect(tupleCount({ ports, sourceAddresses: 3, destinations: 2 })).toBe(6 * ports)
  })

  it('reports how many addresses a rate needs', () => {
    expect(sourceAddressesFor(550, { ports }, 112.5)).toBe(1)
    expect(sourceAddressesFor(550, { ports }, 120)).toBe(2)
    expect(sourceAddressesFor(1500, { ports, destinations: 3 }, 120)).toBe(1)
  })
})

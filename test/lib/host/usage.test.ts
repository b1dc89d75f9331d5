import { describe, expect, it } from 'vitest'
import { type MemoryReading, memoryUse, readMemory } from '../../../lib/host/usage.js'

const before: MemoryReading = {
  rssBytes: 50_000_000,
  heapBytes: 5_000_000,
  slabBytes: 1_000_000,
  sockets: 10
}

function grown(growth: Partial<MemoryReading>): MemoryReading {
  const sum = (a: number | null, b: number | null = 0) => (a === null || b === null ? null : a + b)
  return {
    rssBytes: before.rssBytes + (growth.rssBytes ?? 0),
    heapBytes: before.heapBytes + (growth.heapBytes ?? 0),
    slabBytes: sum(before.slabBytes, growth.slabBytes),
    sockets: sum(before.sockets, growth.sockets)
  }
}

describe('readMemory', () => {
  it('reads this process and this host', () => {
    const { rssBytes, heapBytes, slabBytes, sockets } = readMemory()
    expect(rssBytes).toBeGreaterThan(heapBytes)
    expect(heapBytes).toBeGreaterThan(1_000_000)
    expect(slabBytes).toBeGreaterThan(1_000_000)
    expect(sockets).toBeGreaterThanOrEqual(0)
  })
})

describe('memoryUse', () => {
  it('divides the growth by the connections, and the slab by the sockets', () => {
    const peak = grown({ rssBytes: 2_000_000, heapBytes: 50_000, slabBytes: 800_000_000, sockets: 200_000 })
    expect(memoryUse(before, peak, 100_000)).toEqual({
      processRssBytes: 52_000_000,
      nativeBytesPerConnection: 20,
      jsHeapBytesPerConnection: 0.5,
      kernelSlabBytesPerSocket: 4000
    })
  })

  it('is negative when other memory was freed', () => {
    const peak = grown({ rssBytes: -1_000_000, sockets: 100_000, slabBytes: -100_000 })
    expect(memoryUse(before, peak, 100_000)).toMatchObject({
      nativeBytesPerConnection: -10,
      kernelSlabBytesPerSocket: -1
    })
  })

  it('is null for too few connections or sockets', () => {
    const peak = grown({ rssBytes: 2_000_000, slabBytes: 1_000_000, sockets: 9999 })
    expect(memoryUse(before, peak, 99_999)).toEqual({
      processRssBytes: 52_000_000,
      nativeBytesPerConnection: null,
      jsHeapBytesPerConnection: null,
      kernelSlabBytesPerSocket: null
    })
  })

  it('is null for the kernel when it could not be read', () => {
    const blind = { ...grown({}), slabBytes: null, sockets: null }
    expect(memoryUse(before, blind, 200_000)).toMatchObject({
      nativeBytesPerConnection: 0,
      kernelSlabBytesPerSocket: null
    })
    expect(memoryUse({ ...before, slabBytes: null }, grown({ sockets: 20_000 }), 20_000)).toMatchObject({
      kernelSlabBytesPerSocket: null
    })
  })
})

/** What a run costs this process and the kernel, read at its beginning and at its peak. */
import { readFileSync } from 'node:fs'
import type { Memory } from './result.js'

/** A reading of what is in use. */
export interface MemoryReading {
  rssBytes: number
  heapBytes: number
  /** Kernel slab of the whole host; null where /proc/meminfo can't be read. */
  slabBytes: number | null
}

/** Below this many connections the noise of the process and the host is larger than what is measured. */
const leastConnections = 10_000

/** Slab in /proc/meminfo is of the whole host: see proc_meminfo(5). */
export function readMemory(): MemoryReading {
  const { rss, heapUsed } = process.memoryUsage()
  return { rssBytes: rss, heapBytes: heapUsed, slabBytes: readSlabBytes() }
}

/**
 * Memory for each connection, from a reading before the run and one while all connections stood.
 * @param socketsPerConnection 2 when both ends are in this process
 */
export function memoryUse(
  before: MemoryReading,
  peak: MemoryReading,
  connections: number,
  socketsPerConnection: number
): Memory {
  const each = (bytes: number, divisor: number) =>
    connections < leastConnections ? null : Math.round((bytes / divisor) * 10) / 10
  const slabBytes =
    before.slabBytes === null || peak.slabBytes === null ? null : peak.slabBytes - before.slabBytes
  return {
    processRssBytes: peak.rssBytes,
    nativeBytesPerConnection: each(peak.rssBytes - before.rssBytes, connections),
    jsHeapBytesPerConnection: each(peak.heapBytes - before.heapBytes, connections),
    kernelSlabBytesPerSocket: slabBytes === null ? null : each(slabBytes, connections * socketsPerConnection)
  }
}

function readSlabBytes(): number | null {
  try {
    const kib = /^Slab:\s+(\d+) kB$/m.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1]
    return kib === undefined ? null : Number(kib) * 1024
  } catch {
    return null
  }
}

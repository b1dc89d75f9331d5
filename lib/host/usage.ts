/** Memory used by this process and the kernel, read before a run and at its peak. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Count } from '../base/quantities.js'

/**
 * Memory cost of the connections: growth from before the run to the end of its ramp. It is negative if something else
 * freed memory. null if it could not be read, or if there are too few connections to measure it.
 */
export interface Memory {
  /** Resident set of this process at the end of the ramp. */
  processRssBytes: Count
  /** Growth of the resident set per connection. */
  nativeBytesPerConnection: number | null
  /** Growth of the JavaScript heap per connection, garbage included: connections have no objects of their own. */
  jsHeapBytesPerConnection: number | null
  /** Growth of the kernel's slab per TCP socket that was added on the host meanwhile. */
  kernelSlabBytesPerSocket: number | null
}

/** A reading of the memory in use. */
export interface MemoryReading {
  rssBytes: number
  heapBytes: number
  /** Kernel slab of the whole host, see proc_meminfo(5); null if it cannot be read. */
  slabBytes: number | null
  /** TCP sockets of the whole host, like its slab; null if they cannot be read. */
  sockets: number | null
}

/** With fewer connections, the process's own threads, buffers and garbage outweigh what is measured. */
const leastConnections = 100_000

/** With fewer sockets, other activity on the host outweighs what is measured. */
const leastSockets = 10_000

export function readMemory(): MemoryReading {
  const { rss, heapUsed } = processMemory()
  const slabKib = readNumber('/proc/meminfo', /^Slab:\s+(\d+) kB$/m)
  return {
    rssBytes: rss,
    heapBytes: heapUsed,
    slabBytes: slabKib === null ? null : slabKib * 1024,
    sockets: readNumber('/proc/net/sockstat', /^TCP:.* alloc (\d+)/m)
  }
}

/** Reads /proc/self/stat. If the host has no open file left, uses getrusage(2), whose figure is the peak so far. */
function processMemory(): Pick<NodeJS.MemoryUsage, 'rss' | 'heapUsed'> {
  try {
    return process.memoryUsage()
  } catch {
    const rss = process.resourceUsage().maxRSS * 1024
    // Loaded on demand: it takes half a millisecond, for which the first SYN would wait.
    const { getHeapStatistics } = createRequire(import.meta.url)('node:v8') as typeof import('node:v8')
    return { rss, heapUsed: getHeapStatistics().used_heap_size }
  }
}

/**
 * Memory per connection, from a reading before the run and one while all connections were open. The slab is divided by
 * all sockets created meanwhile, because both ends of a connection may be on this host.
 */
export function memoryUse(before: MemoryReading, peak: MemoryReading, connections: number): Memory {
  const each = (bytes: number) => (connections < leastConnections ? null : share(bytes, connections))
  const slabBytes = difference(before.slabBytes, peak.slabBytes)
  const sockets = difference(before.sockets, peak.sockets)
  return {
    processRssBytes: peak.rssBytes,
    nativeBytesPerConnection: each(peak.rssBytes - before.rssBytes),
    jsHeapBytesPerConnection: each(peak.heapBytes - before.heapBytes),
    kernelSlabBytesPerSocket:
      slabBytes === null || sockets === null || sockets < leastSockets ? null : share(slabBytes, sockets)
  }
}

function share(bytes: number, among: number): number {
  return Math.round((bytes / among) * 10) / 10
}

function difference(before: number | null, after: number | null): number | null {
  return before === null || after === null ? null : after - before
}

function readNumber(path: string, pattern: RegExp): number | null {
  try {
    const digits = pattern.exec(readFileSync(path, 'utf8'))?.[1]
    return digits === undefined ? null : Number(digits)
  } catch {
    return null
  }
}

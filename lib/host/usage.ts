/** What a run costs this process and the kernel, read at its beginning and at its peak. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Count } from '../base/quantities.js'

/**
 * What the connections cost: how much each figure grew from before the run to the end of its ramp, so that it is negative
 * when something else gave memory back. A figure that could not be read, or that so few connections do not show, is null.
 */
export interface Memory {
  /** Resident set of this process when the ramp had ended. */
  processRssBytes: Count
  /** Growth of the resident set for each connection. */
  nativeBytesPerConnection: number | null
  /** Growth of the JavaScript heap for each connection, garbage included: no object belongs to a connection. */
  jsHeapBytesPerConnection: number | null
  /** Growth of the kernel's slab for each socket of this process. */
  kernelSlabBytesPerSocket: number | null
}

/** A reading of what is in use. */
export interface MemoryReading {
  rssBytes: number
  heapBytes: number
  /** Kernel slab of the whole host, see proc_meminfo(5); null where it can't be read. */
  slabBytes: number | null
  /** TCP sockets of the whole host, as its slab is; null where they can't be read. */
  sockets: number | null
}

/** With fewer connections the process's own threads, buffers and garbage are larger than what is measured. */
const leastConnections = 100_000

/** With fewer sockets whatever else the host does is larger than what is measured. */
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

/** Reads /proc/self/stat, or, on a host that has no open file left, what the kernel tells without: the largest so far. */
function processMemory(): Pick<NodeJS.MemoryUsage, 'rss' | 'heapUsed'> {
  try {
    return process.memoryUsage()
  } catch {
    const rss = process.resourceUsage().maxRSS * 1024
    // Loaded only here: it takes half a millisecond, and the first SYN would wait for it.
    const { getHeapStatistics } = createRequire(import.meta.url)('node:v8') as typeof import('node:v8')
    return { rss, heapUsed: getHeapStatistics().used_heap_size }
  }
}

/**
 * Memory for each connection, from a reading before the run and one while all connections stood. The slab is shared out
 * over all sockets that came into being meanwhile, because both ends of a connection may sit on this host.
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

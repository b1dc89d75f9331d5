import { readFileSync } from 'node:fs'
import { endianness } from 'node:os'
import { type ProcReader, reasonOf } from './proc_reader.js'

/** Memory of the host, and TCP's share of it. */
export interface MemoryFacts {
  totalBytes: number | null
  /** Memory available without swapping. */
  availableBytes: number | null
  /** Size of a page, the unit of {@link tcpPages}. */
  pageBytes: number | null
  /** `tcp_mem`: pages of socket buffers on the whole host. Below `low` TCP is unrestricted; above `high` it gets no more. */
  tcpPages: { low: number; pressure: number; high: number } | null
}

export function readMemoryFacts(proc: ProcReader, procRoot: string): MemoryFacts {
  const meminfo = proc.text('meminfo')
  const totalBytes = kibibytes(meminfo, 'MemTotal')
  const availableBytes = kibibytes(meminfo, 'MemAvailable')
  if (meminfo !== null && (totalBytes === null || availableBytes === null)) proc.note('meminfo', 'malformed')
  const pages = proc.integers('sys/net/ipv4/tcp_mem', 3)
  return {
    totalBytes,
    availableBytes,
    pageBytes: readPageBytes(proc, procRoot),
    tcpPages: pages && { low: pages[0] ?? 0, pressure: pages[1] ?? 0, high: pages[2] ?? 0 }
  }
}

function kibibytes(meminfo: string | null, name: string): number | null {
  const match = meminfo === null ? null : new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(meminfo)
  return match ? Number(match[1]) * 1024 : null
}

/** AT_PAGESZ of getauxval(3): arm64 kernels use pages of 4, 16 or 64 KiB, and Node has no sysconf(3). */
const AT_PAGESZ = 6

function readPageBytes(proc: ProcReader, procRoot: string): number | null {
  try {
    const auxv = readFileSync(`${procRoot}/self/auxv`)
    const word = (at: number) =>
      Number(endianness() === 'LE' ? auxv.readBigUInt64LE(at) : auxv.readBigUInt64BE(at))
    for (let at = 0; at + 16 <= auxv.length; at += 16) if (word(at) === AT_PAGESZ) return word(at + 8)
    proc.note('self/auxv', 'malformed')
  } catch (error) {
    proc.note('self/auxv', reasonOf(error))
  }
  return null
}

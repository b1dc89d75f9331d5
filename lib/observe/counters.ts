/** The kernel's counters from procfs, and those that a network namespace can read only through netlink. */
import { existsSync } from 'node:fs'
import { neighbourTables } from '../engine/neighbours.js'
import type { Counters } from '../host/counter_files.js'
import { noteCounters as noteFiles } from '../host/counters.js'

/** Statistics of the neighbor tables, which all namespaces share. The file exists only in the initial namespace. */
const neighbourFile = '/proc/net/stat/arp_cache'

let hasNeighbourFile: boolean | undefined

/** Reads the counters now; the returned function parses them, which takes twice as long as reading. Never throws. */
export function noteCounters(): () => Counters {
  const files = noteFiles()
  hasNeighbourFile ??= existsSync(neighbourFile)
  if (hasNeighbourFile) return files
  const neighbours = neighbourCounters()
  return () => Object.assign(files(), neighbours)
}

export function readCounters(): Counters {
  return noteCounters()()
}

/** `Neigh4.entries` and the like, named as in the file; empty if netlink is refused. */
export function neighbourCounters(): Counters {
  try {
    return Object.fromEntries(
      neighbourTables().flatMap(({ family, entries, most, fulls }) => [
        [`Neigh${family}.entries`, entries],
        [`Neigh${family}.gc_thresh3`, most],
        [`Neigh${family}.table_fulls`, fulls]
      ])
    )
  } catch {
    return {}
  }
}

/** The kernel's counters: those of procfs, and those that a network namespace is told by netlink only. */
import { existsSync } from 'node:fs'
import { neighbourTables } from '../engine/neighbours.js'
import type { Counters } from '../host/counter_files.js'
import { noteCounters as noteFiles } from '../host/counters.js'

/** The file with the figures of neighbour tables, which all namespaces share: in the initial namespace only. */
const neighbourFile = '/proc/net/stat/arp_cache'

let hasNeighbourFile: boolean | undefined

/** Reads now, and makes sense of it when asked, which takes twice as long. Never fails. */
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

/** `Neigh4.entries` and the like, as the file names them; none where netlink is refused. */
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

/** Puts sysctls back to what they were. */
import { reasonOf } from '../proc_reader.js'
import type { Change } from './journal.js'
import { readSysctl, writeSysctl } from './values.js'

/** A sysctl that was put back. */
export interface Restored {
  name: string
  from: string
  to: string
}

/** What became of changes; those that had been put back already are in none of it. */
export interface PutBack {
  restored: Restored[]
  /** Changed by another program since. */
  leftAlone: { change: Change; current: string }[]
  /** Names that are not there any more: their module was unloaded, and took the values with it. */
  gone: string[]
  /** Could not be read or written. */
  stuck: { change: Change; cause: unknown }[]
}

/** In reverse order; none stands in the way of another. */
export function putBack(
  changes: readonly Change[],
  procRoot: string,
  isOurs: (change: Change, current: string) => boolean = () => true
): PutBack {
  const outcome: PutBack = { restored: [], leftAlone: [], gone: [], stuck: [] }
  for (const change of changes.toReversed()) {
    const { name, before } = change
    try {
      const current = readSysctl(name, procRoot)
      if (current === before) continue
      if (isOurs(change, current)) {
        writeSysctl(name, before, procRoot)
        outcome.restored.push({ name, from: current, to: before })
      } else {
        outcome.leftAlone.push({ change, current })
      }
    } catch (cause) {
      if (reasonOf(cause) === 'ENOENT') outcome.gone.push(name)
      else outcome.stuck.push({ change, cause })
    }
  }
  return outcome
}

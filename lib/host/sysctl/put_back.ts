/** Restores sysctls. */
import { reasonOf } from '../proc_reader.js'
import type { Change } from './journal.js'
import { readSysctl, writeSysctl } from './values.js'

/** A sysctl that was restored. */
export interface Restored {
  name: string
  from: string
  to: string
}

/** The outcome for each change; changes that had been restored before appear nowhere. */
export interface PutBack {
  restored: Restored[]
  /** Another program has changed the sysctl since. */
  leftAlone: { change: Change; current: string }[]
  /** Sysctls that no longer exist: their module was unloaded, and the values with it. */
  gone: string[]
  /** Sysctls that could not be read or written. */
  stuck: { change: Change; cause: unknown }[]
}

/** Restores in reverse order. An error with one sysctl does not keep the others from being restored. */
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

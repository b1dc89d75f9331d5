/**
 * Sysctls of the initial network namespace, which all namespaces share and labs change for seconds. One journal for the
 * whole host records their old values and the process that changed them; once that process has ended, it is abandoned.
 */
import { join } from 'node:path'
import { isAlive } from '../process_identity.js'
import { type Journal, readAnyJournal, refuseForeign, removeJournal, saveJournal } from './journal.js'
import type { JournalPlace } from './journal_place.js'
import { hasRemains, withLock } from './lock.js'
import { type PutBack, putBack } from './put_back.js'

/** Where the files are; tests use folders of their own. */
export interface HostPaths {
  /** Default `/run/c1m-native`: lost at the next boot, like the changes themselves. */
  readonly stateFolder: string
  /** Default `/proc`. */
  readonly procRoot: string
  /** Default `/etc`. */
  readonly etcRoot: string
}

export const hostPaths: HostPaths = { stateFolder: '/run/c1m-native', procRoot: '/proc', etcRoot: '/etc' }

/** How long to wait for another process that restores sysctls, in milliseconds. It needs one at most. */
const patienceMs = 10_000

export function hostJournal({ stateFolder, procRoot, etcRoot }: HostPaths): JournalPlace {
  return {
    path: join(stateFolder, 'host-sysctls.json'),
    procRoot,
    etcRoot,
    modes: { file: 0o644, folder: 0o755 },
    hasOwner: true,
    hints: {
      unwritable: 'Run as root in the initial network namespace.',
      foreign: 'Put it back where it was written: c1m-native lab clean.'
    }
  }
}

/** Whether the process that would have restored the sysctls has ended. */
export function isAbandoned(journal: Journal, { procRoot }: JournalPlace): boolean {
  return journal.owner === null || !isAlive(journal.owner, procRoot)
}

/**
 * Restores the sysctls that an ended run had changed and removes its journal. Waits for another process that is doing the
 * same.
 * @throws C1mError C1M_JOURNAL_INVALID, C1M_JOURNAL_FOREIGN, C1M_JOURNAL_FAILED, C1M_JOURNAL_BUSY
 */
export function putBackAbandoned(place: JournalPlace): PutBack {
  const isThere = () => {
    const journal = readAnyJournal(place)
    return journal !== null && isAbandoned(journal, place) ? journal : null
  }
  if (isThere() === null && !hasRemains(place)) return putBack([], place.procRoot)
  return withLock(
    place,
    () => {
      // Another process may have restored it already, and this may be the journal of a later run.
      const journal = isThere()
      return journal === null ? putBack([], place.procRoot) : settle(journal, place)
    },
    patienceMs
  )
}

/** Restores the sysctls of an abandoned journal; those that cannot be restored stay in it. The caller holds the lock. */
export function settle(journal: Journal, place: JournalPlace): PutBack {
  refuseForeign(journal, place)
  const outcome = putBack(journal.changes, place.procRoot)
  keepStuck(outcome, place, journal.owner)
  return outcome
}

/** Removes the journal, or keeps in it what could not be restored. */
export function keepStuck({ stuck }: PutBack, place: JournalPlace, owner: Journal['owner']): void {
  if (stuck.length === 0) removeJournal(place)
  else saveJournal(stuck.map(({ change }) => change).reverse(), place, owner)
}

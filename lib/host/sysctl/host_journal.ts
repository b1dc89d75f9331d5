/**
 * Sysctls of the initial network namespace, which all namespaces share: what labs change for seconds. One journal for the
 * whole host says what they were and whose the changes are; that of a process that is no more is abandoned.
 */
import { join } from 'node:path'
import { isAlive } from '../process_identity.js'
import { type Journal, readAnyJournal, refuseForeign, removeJournal, saveJournal } from './journal.js'
import type { JournalPlace } from './journal_place.js'
import { hasRemains, withLock } from './lock.js'
import { type PutBack, putBack } from './put_back.js'

/** Where things are; tests have their own. */
export interface HostPaths {
  /** Default `/run/c1m-native`: gone with the next boot, as the changes are. */
  readonly stateFolder: string
  /** Default `/proc`. */
  readonly procRoot: string
  /** Default `/etc`. */
  readonly etcRoot: string
}

export const hostPaths: HostPaths = { stateFolder: '/run/c1m-native', procRoot: '/proc', etcRoot: '/etc' }

/** How long it waits for another process that puts back, in milliseconds. That takes one at most. */
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

/** Whether nobody is left who would put it back. */
export function isAbandoned(journal: Journal, { procRoot }: JournalPlace): boolean {
  return journal.owner === null || !isAlive(journal.owner, procRoot)
}

/**
 * Puts back what a run that is no more had changed, once, and leaves nothing of it: another process that does so just
 * then is waited for.
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
      // Another cleaner may have been quicker, and this may be the journal of a later run.
      const journal = isThere()
      return journal === null ? putBack([], place.procRoot) : settle(journal, place)
    },
    patienceMs
  )
}

/** Puts back an abandoned journal; what cannot be put back stays in it. For who has the lock. */
export function settle(journal: Journal, place: JournalPlace): PutBack {
  refuseForeign(journal, place)
  const outcome = putBack(journal.changes, place.procRoot)
  keepStuck(outcome, place, journal.owner)
  return outcome
}

/** The journal after putting back: gone, or of what could not be put back. */
export function keepStuck({ stuck }: PutBack, place: JournalPlace, owner: Journal['owner']): void {
  if (stuck.length === 0) removeJournal(place)
  else saveJournal(stuck.map(({ change }) => change).reverse(), place, owner)
}

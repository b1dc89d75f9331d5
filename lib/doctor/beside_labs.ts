/**
 * Doctor and labs may change the same sysctls of the host. A lab changes one for seconds and then restores what it found.
 * A value that doctor sets meanwhile would be lost, and doctor would take the lab's value for the host's.
 */
import { C1mError } from '../base/errors.js'
import { quote } from '../base/quote.js'
import { reasonOf } from '../host/proc_reader.js'
import { hostJournal, isAbandoned, settle } from '../host/sysctl/host_journal.js'
import { readAnyJournal, refuseForeign, strangerOf } from '../host/sysctl/journal.js'
import type { JournalPlace } from '../host/sysctl/journal_place.js'
import { withLock } from '../host/sysctl/lock.js'
import type { Places } from './places.js'
import { isHostWide, managedSysctls, mayWrite } from './sysctls.js'

/**
 * Runs `action`, which changes these sysctls, while no lab changes them: no lab can start meanwhile, a running lab is not
 * disturbed, and what a killed lab has changed is restored first.
 * @throws C1mError C1M_JOURNAL_BUSY, C1M_JOURNAL_INVALID, C1M_JOURNAL_FOREIGN, C1M_JOURNAL_FAILED, C1M_SYSCTL_FAILED:
 * then `action` has not run
 */
export function besideLabs<T>(names: readonly string[], places: Places, action: () => T): T {
  const shared = names.filter(isHostWide)
  if (shared.length === 0) return action()
  const place = labJournal(places)
  return withLock(place, () => {
    refuseLabs(shared, place)
    return action()
  })
}

/** Restores what a killed lab has changed, so that a host is judged by its own values. @throws as besideLabs */
export function settleLabs(places: Places): void {
  const own = managedSysctls.filter((name) => isHostWide(name) && mayWrite(name, places))
  if (own.length > 0 && readAnyJournal(labJournal(places)) !== null) besideLabs(own, places, () => {})
}

function labJournal({ labStateFolder, procRoot, etcRoot }: Places): JournalPlace {
  return hostJournal({ stateFolder: labStateFolder, procRoot, etcRoot })
}

function refuseLabs(names: readonly string[], place: JournalPlace): void {
  const journal = readAnyJournal(place)
  if (journal === null) return
  if (strangerOf(journal, place) === null && isAbandoned(journal, place)) {
    const [first] = settle(journal, place).stuck
    if (first === undefined) return
    const { name, before } = first.change
    throw new C1mError(
      'C1M_SYSCTL_FAILED',
      `${name}, which a killed lab had changed, cannot be restored to ${before} (${reasonOf(first.cause)}); nothing else was changed`,
      { hint: 'Run as root in the initial network namespace: c1m-native lab clean.' }
    )
  }
  const touched = journal.changes.map(({ name }) => name).filter((name) => names.includes(name))
  if (touched.length === 0) return
  refuseForeign(journal, place)
  throw new C1mError(
    'C1M_JOURNAL_BUSY',
    `a running lab (process ${journal.owner?.pid}) has changed ${touched.join(' and ')} temporarily (journal ${quote(place.path)}); nothing was changed`,
    { hint: 'Run it again when the lab has ended.' }
  )
}

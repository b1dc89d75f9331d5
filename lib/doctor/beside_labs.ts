/**
 * Doctor and labs may touch the same sysctls of the host. A lab changes one for seconds and puts back what it found: a
 * value set meanwhile would be lost, and what the lab has set would be taken for the host's.
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
 * Does `action`, which touches these sysctls, while no lab does: none begins meanwhile, one that lives is not disturbed,
 * and what a killed one has left is put back first.
 * @throws C1mError C1M_JOURNAL_BUSY, C1M_JOURNAL_INVALID, C1M_JOURNAL_FOREIGN, C1M_JOURNAL_FAILED, C1M_SYSCTL_FAILED:
 * then the action is not done
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

/** Before a host is judged in order to be set: what a killed lab has left is none of its values. @throws as besideLabs */
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
      `${name}, which a killed lab had changed, cannot be put back to ${before} (${reasonOf(first.cause)}); nothing else was changed`,
      { hint: 'Put it back in the initial network namespace as root: c1m-native lab clean.' }
    )
  }
  const touched = journal.changes.map(({ name }) => name).filter((name) => names.includes(name))
  if (touched.length === 0) return
  refuseForeign(journal, place)
  throw new C1mError(
    'C1M_JOURNAL_BUSY',
    `process ${journal.owner?.pid}, a lab, has changed ${touched.join(' and ')} for a while (journal ${quote(place.path)}); nothing was changed`,
    { hint: 'Run it again when that is done.' }
  )
}

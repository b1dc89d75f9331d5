/** Restores the values that sysctls had before they were applied. */
import { C1mError } from '../base/errors.js'
import { quote } from '../base/quote.js'
import { reasonOf } from '../host/proc_reader.js'
import { type Change, readJournal, saveJournal } from '../host/sysctl/journal.js'
import { hasRemains, withLock } from '../host/sysctl/lock.js'
import { type PutBack, putBack, type Restored } from '../host/sysctl/put_back.js'
import { besideLabs } from './beside_labs.js'
import { doctorJournal, type Places } from './places.js'
import { type Caller, isOurs, obstacle } from './sysctls.js'

/** A sysctl that another program has changed since, and that was therefore left alone. */
export interface LeftAlone {
  name: string
  current: string
  /** The value that doctor had set. */
  applied: string
  /** The value before that. */
  before: string
}

/** The outcome of reverting the changes in the journal. */
export interface Reversion {
  journal: string
  restored: Restored[]
  leftAlone: LeftAlone[]
  /** Names of sysctls that no longer exist: their module was unloaded, and the values with it. */
  gone: string[]
  /** When an earlier call had already restored everything; null: this call did. */
  revertedAt: string | null
}

/**
 * Restores every value that is still ours, in reverse order. Keeps the journal, empty, so that reverting again is not an
 * error. A value that cannot be restored stays in the journal and does not keep the others from being restored.
 * @throws C1mError C1M_JOURNAL_MISSING, C1M_JOURNAL_BUSY, C1M_JOURNAL_INVALID, C1M_JOURNAL_FOREIGN, C1M_JOURNAL_FAILED,
 * C1M_SYSCTL_FAILED
 */
export function revertSettings(places: Places, caller: Caller): Reversion {
  const journal = doctorJournal(places)
  if (readJournal(journal) === null && !hasRemains(journal)) throw missing(journal.path)
  return withLock(journal, () => {
    const found = readJournal(journal)
    if (found === null) throw missing(journal.path)
    const { changes, at } = found
    if (changes.length === 0)
      return { journal: journal.path, restored: [], leftAlone: [], gone: [], revertedAt: at }
    const names = changes.map(({ name }) => name)
    return besideLabs(names, places, () => revert(changes, places, caller))
  })
}

function missing(path: string): C1mError {
  return new C1mError(
    'C1M_JOURNAL_MISSING',
    `there is no journal at ${quote(path)}: nothing was applied from here`,
    { hint: 'Revert as the user who applied the settings, with the same XDG_STATE_HOME.' }
  )
}

function revert(changes: readonly Change[], places: Places, caller: Caller): Reversion {
  const journal = doctorJournal(places)
  const outcome = putBack(changes, places.procRoot, isOurs)
  const { restored, leftAlone, gone, stuck } = outcome
  saveJournal(stuck.map(({ change }) => change).reverse(), journal)
  if (stuck.length > 0) throw incomplete(outcome, places, caller)
  return {
    journal: journal.path,
    restored,
    leftAlone: leftAlone.map(({ change: { name, before, ours }, current }) => ({
      name,
      current,
      applied: ours.at(-1) ?? before,
      before
    })),
    gone,
    revertedAt: null
  }
}

/** An error that lists everything that was and was not restored, because the caller gets no report. */
function incomplete({ restored, leftAlone, gone, stuck }: PutBack, places: Places, caller: Caller): C1mError {
  const told = [
    ...stuck.map(({ change: { name, before }, cause }) => {
      const reason = obstacle(name, caller, places) ?? reasonOf(cause)
      return `${name} cannot be restored to ${before}: ${reason}`
    }),
    `the journal keeps ${stuck.length === 1 ? 'it' : 'them'}`,
    ...restored.map(({ name, to }) => `${name} was restored to ${to}`),
    ...leftAlone.map(
      ({ change, current }) => `${change.name} was left at ${current}, which another program has set`
    ),
    ...gone.map((name) => `${name} is gone with its module`)
  ]
  return new C1mError('C1M_SYSCTL_FAILED', told.join('; '), {
    hint: 'Run it again as root where the settings were applied.',
    cause: stuck[0]?.cause
  })
}

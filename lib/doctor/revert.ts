/** Puts sysctls back to what they were before they were applied. */
import { C1mError } from '../errors.js'
import { reasonOf } from '../host/proc_reader.js'
import { quote } from '../quote.js'
import { type Change, journalPath, readJournal, saveJournal } from './journal.js'
import { type Caller, obstacle, readKnob, writeKnob } from './knobs.js'
import { withLock } from './lock.js'
import type { Places } from './places.js'

/** A sysctl that was put back. */
export interface Restored {
  name: string
  from: string
  to: string
}

/** A sysctl that somebody else has changed since, and that was left alone. */
export interface LeftAlone {
  name: string
  current: string
  /** What we had set. */
  applied: string
  /** What it was before that. */
  before: string
}

/** What became of the changes in the journal. */
export interface Reversion {
  journal: string
  restored: Restored[]
  leftAlone: LeftAlone[]
  /** When an earlier call had put everything back already; null: this one did. */
  revertedAt: string | null
}

/**
 * Puts back every value that is still ours, in reverse order. The journal stays, empty, so that doing it again is no
 * mistake.
 * @throws C1mError C1M_JOURNAL_MISSING, C1M_JOURNAL_BUSY, C1M_JOURNAL_INVALID, C1M_JOURNAL_FOREIGN, C1M_JOURNAL_FAILED,
 * C1M_SYSCTL_FAILED
 */
export function revertSettings(places: Places, caller: Caller): Reversion {
  const path = journalPath(places)
  if (readJournal(places) === null)
    throw new C1mError(
      'C1M_JOURNAL_MISSING',
      `there is no journal at ${quote(path)}: nothing was applied from here`,
      {
        hint: 'It is where doctor --apply was: same user, same XDG_STATE_HOME.'
      }
    )
  return withLock(places, () => revert(path, places, caller))
}

function revert(path: string, places: Places, caller: Caller): Reversion {
  const { changes = [], at = null } = readJournal(places) ?? {}
  if (changes.length === 0) return { journal: path, restored: [], leftAlone: [], revertedAt: at }

  const found = changes.map((change) => ({ change, current: currentValue(change, places) })).reverse()
  const ours = found.filter(
    ({ change, current }) => change.ours.includes(current) && current !== change.before
  )
  for (const { change } of ours) mayWrite(change, caller, places)
  const restored = ours.map(({ change, current }) => restore(change, current, places))
  saveJournal([], places)
  return {
    journal: path,
    restored,
    leftAlone: found
      .filter(({ change, current }) => current !== change.before && !change.ours.includes(current))
      .map(({ change: { name, before, ours }, current }) => ({
        name,
        current,
        applied: ours.at(-1) ?? before,
        before
      })),
    revertedAt: null
  }
}

function currentValue({ name }: Change, places: Places): string {
  try {
    return readKnob(name, places)
  } catch (cause) {
    throw failed(`${name} cannot be read (${reasonOf(cause)}); nothing was changed`, cause)
  }
}

/** Before the first is put back: half of them is worse than none. */
function mayWrite({ name, before }: Change, caller: Caller, places: Places): void {
  const reason = obstacle(name, caller, places)
  if (reason !== null) throw failed(`${name} cannot be put back to ${before}: ${reason}; nothing was changed`)
}

function restore({ name, before }: Change, current: string, places: Places): Restored {
  try {
    writeKnob(name, before, places)
  } catch (cause) {
    throw failed(`${name} cannot be put back to ${before} (${reasonOf(cause)}); the journal stays`, cause)
  }
  return { name, from: current, to: before }
}

function failed(message: string, cause?: unknown): C1mError {
  return new C1mError('C1M_SYSCTL_FAILED', message, {
    hint: 'Run it again as root where the settings were applied.',
    cause
  })
}

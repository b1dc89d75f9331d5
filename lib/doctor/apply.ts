/** Sets sysctls so that they can be put back, whatever happens in between. */
import { C1mError } from '../base/errors.js'
import { reasonOf } from '../host/proc_reader.js'
import { type Change, readJournal, saveJournal } from '../host/sysctl/journal.js'
import { withLock } from '../host/sysctl/lock.js'
import { putBack } from '../host/sysctl/put_back.js'
import { isSysctlValue, readSysctl, writeSysctl } from '../host/sysctl/values.js'
import { besideLabs } from './beside_labs.js'
import { doctorJournal, type Places } from './places.js'
import type { Setting } from './steps.js'
import { isEnough, isOurs } from './sysctls.js'

/** A sysctl that was set. */
export interface Applied {
  name: string
  from: string
  to: string
}

/** What became of the settings. */
export interface Application {
  journal: string
  applied: Applied[]
  /** Those that cannot be set from here, and why. */
  blocked: Setting[]
}

/**
 * Sets what can be set from here: journal first, then the sysctls. When one is refused, those before it are put back.
 * @throws C1mError C1M_JOURNAL_BUSY, C1M_JOURNAL_INVALID, C1M_JOURNAL_FOREIGN, C1M_JOURNAL_FAILED, C1M_SYSCTL_FAILED
 */
export function applySettings(settings: readonly Setting[], places: Places): Application {
  const blocked = settings.filter((setting) => setting.blocked !== null)
  const free = settings.filter((setting) => setting.blocked === null)
  const names = free.map(({ name }) => name)
  const journal = doctorJournal(places)
  // Also where there is nothing to set: a journal that would be in the way is worth knowing.
  readJournal(journal)
  const applied =
    free.length === 0 ? [] : withLock(journal, () => besideLabs(names, places, () => apply(free, places)))
  return { journal: journal.path, applied, blocked }
}

function apply(settings: readonly Setting[], places: Places): Applied[] {
  const journal = doctorJournal(places)
  const earlier = readJournal(journal)?.changes ?? []
  const wanted = settings.flatMap(({ name, current, wanted: to }) => {
    const from = valueBefore(name, places)
    // Somebody may have raised it since it was found too low.
    return from !== current && isEnough(from, to) ? [] : [{ name, from, to }]
  })
  if (wanted.length === 0) return []

  saveJournal(merged(earlier, wanted, true), journal)
  const applied: Applied[] = []
  for (const change of wanted) {
    const problem = set(change, applied, places)
    if (problem !== null) throw undone(problem, applied, earlier, places)
  }
  const rounded = wanted.map((change, index) => ({ ...change, to: applied[index]?.to ?? change.to }))
  saveJournal(merged(merged(earlier, wanted, false), rounded, false), journal)
  return applied
}

/** What would be put back has to be something that a journal may hold. */
function valueBefore(name: string, { procRoot }: Places): string {
  let value: string
  try {
    value = readSysctl(name, procRoot)
  } catch (cause) {
    throw new C1mError(
      'C1M_SYSCTL_FAILED',
      `${name} cannot be read (${reasonOf(cause)}); nothing was changed`,
      {
        hint: 'Is the module it belongs to still loaded?',
        cause
      }
    )
  }
  if (isSysctlValue(value)) return value
  throw new C1mError(
    'C1M_SYSCTL_FAILED',
    `${name} is '${value.slice(0, 40)}', which is no number and could not be put back; nothing was changed`
  )
}

/** The journal of the changes so far and the ones to come, which are unsettled until all are made. */
function merged(earlier: readonly Change[], wanted: readonly Applied[], unsettled: boolean): Change[] {
  const changes = new Map(earlier.map((change) => [change.name, change]))
  for (const { name, from, to } of wanted) {
    const change = changes.get(name)
    // A value that is neither the one to put back nor ours is somebody else's, and now the one to put back.
    const goesOn = change !== undefined && (from === change.before || isOurs(change, from))
    const { before, ours } = goesOn ? change : { before: from, ours: [] }
    const all = [...ours.filter((value) => value !== to), to]
    changes.set(name, { name, before, ours: all, ...(unsettled && { unsettled }) })
  }
  return [...changes.values()]
}

/** Sets it, and adds what it became to what is set; says what went wrong, or null. */
function set({ name, from, to }: Applied, applied: Applied[], { procRoot }: Places): string | null {
  let is: string
  try {
    writeSysctl(name, to, procRoot)
    applied.push({ name, from, to })
    is = readSysctl(name, procRoot)
  } catch (error) {
    return `${name} cannot be set to ${to} (${reasonOf(error)})`
  }
  applied[applied.length - 1] = { name, from, to: is }
  // Rounded up, as nf_conntrack_buckets to whole pages, is as good.
  return isEnough(is, to) ? null : `${name} was ${from}, and set to ${to} it became ${is}`
}

/** Puts back what was set in vain. What cannot be put back stays in the journal. */
function undone(
  problem: string,
  applied: readonly Applied[],
  earlier: readonly Change[],
  places: Places
): C1mError {
  const changes = applied.map(({ name, from, to }) => ({ name, before: from, ours: [to] }))
  const { stuck } = putBack(changes, places.procRoot)
  const kept = applied.filter(({ name }) => stuck.some(({ change }) => change.name === name))
  saveJournal(merged(earlier, kept, true), doctorJournal(places))
  if (stuck.length === 0)
    return new C1mError('C1M_SYSCTL_FAILED', `${problem}; everything was put back`, {
      hint: 'Set it by hand, and see what the kernel says: dmesg.'
    })
  const names = kept.map(({ name }) => name).join(' and ')
  return new C1mError('C1M_SYSCTL_FAILED', `${problem}, and ${names} could not be put back`, {
    hint: 'The journal has what they were: c1m-native doctor --revert.',
    cause: stuck[0]?.cause
  })
}

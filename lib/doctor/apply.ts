/** Sets sysctls so that they can be restored even if the process is killed in between. */
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

/** The outcome of applying settings. */
export interface Application {
  journal: string
  applied: Applied[]
  /** Settings that cannot be set from here, with the reasons. */
  blocked: Setting[]
}

/**
 * Applies the settings that can be set from here: writes the journal first, then the sysctls. If one is refused, those
 * already set are restored.
 * @throws C1mError C1M_JOURNAL_BUSY, C1M_JOURNAL_INVALID, C1M_JOURNAL_FOREIGN, C1M_JOURNAL_FAILED, C1M_SYSCTL_FAILED
 */
export function applySettings(settings: readonly Setting[], places: Places): Application {
  const blocked = settings.filter((setting) => setting.blocked !== null)
  const free = settings.filter((setting) => setting.blocked === null)
  const names = free.map(({ name }) => name)
  const journal = doctorJournal(places)
  // Even if there is nothing to set: a journal that prevents later changes should be reported now.
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
    // Another process may have raised it since it was found too low.
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

/** The current value. It must be one that a journal can hold, because it may have to be restored. */
function valueBefore(name: string, { procRoot }: Places): string {
  let value: string
  try {
    value = readSysctl(name, procRoot)
  } catch (cause) {
    throw new C1mError(
      'C1M_SYSCTL_FAILED',
      `${name} cannot be read (${reasonOf(cause)}); nothing was changed`,
      {
        hint: 'Check that the kernel module of this sysctl is still loaded (lsmod).',
        cause
      }
    )
  }
  if (isSysctlValue(value)) return value
  throw new C1mError(
    'C1M_SYSCTL_FAILED',
    `${name} is '${value.slice(0, 40)}', which is not a number and could not be restored; nothing was changed`
  )
}

/** Journal entries for the earlier changes and the wanted ones, which are unsettled until all have been made. */
function merged(earlier: readonly Change[], wanted: readonly Applied[], unsettled: boolean): Change[] {
  const changes = new Map(earlier.map((change) => [change.name, change]))
  for (const { name, from, to } of wanted) {
    const change = changes.get(name)
    // A value that is neither the original nor ours was set by another program and is now the one to restore.
    const goesOn = change !== undefined && (from === change.before || isOurs(change, from))
    const { before, ours } = goesOn ? change : { before: from, ours: [] }
    const all = [...ours.filter((value) => value !== to), to]
    changes.set(name, { name, before, ours: all, ...(unsettled && { unsettled }) })
  }
  return [...changes.values()]
}

/** Sets a sysctl and adds the resulting value to `applied`. Returns the problem, or null. */
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
  // The kernel may round up, as it rounds nf_conntrack_buckets to whole pages.
  return isEnough(is, to) ? null : `${name} was ${from}; set to ${to}, it became ${is}`
}

/** Restores what was set. Values that cannot be restored stay in the journal. */
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
    return new C1mError('C1M_SYSCTL_FAILED', `${problem}; everything was restored`, {
      hint: 'Set it by hand and look for a message of the kernel (dmesg).'
    })
  const names = kept.map(({ name }) => name).join(' and ')
  return new C1mError('C1M_SYSCTL_FAILED', `${problem}, and ${names} could not be restored`, {
    hint: 'The journal keeps the old values. Run: c1m-native doctor --revert.',
    cause: stuck[0]?.cause
  })
}

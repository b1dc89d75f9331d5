/** Sets sysctls so that they can be put back, whatever happens in between. */
import { C1mError } from '../errors.js'
import { reasonOf } from '../host/proc_reader.js'
import { type Change, journalPath, readJournal, saveJournal } from './journal.js'
import { readKnob, suffices, writeKnob } from './knobs.js'
import { withLock } from './lock.js'
import type { Places } from './places.js'
import type { Setting } from './steps.js'

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
  // Also where there is nothing to set: a journal that would be in the way is worth knowing.
  readJournal(places)
  const applied = free.length === 0 ? [] : withLock(places, () => apply(free, places))
  return { journal: journalPath(places), applied, blocked }
}

function apply(settings: readonly Setting[], places: Places): Applied[] {
  const earlier = readJournal(places)?.changes ?? []
  const wanted = settings.flatMap(({ name, current, wanted: to }) => {
    const from = readKnob(name, places)
    // Somebody may have raised it since it was found too low.
    return from !== current && suffices(from, to) ? [] : [{ name, from, to }]
  })
  if (wanted.length === 0) return []

  let changes = merged(earlier, wanted)
  saveJournal(changes, places)
  const applied: Applied[] = []
  for (const change of wanted) {
    const problem = set(change, applied, places)
    if (problem !== null) throw undone(problem, applied, earlier, places)
    const { name, to } = applied.at(-1) ?? change
    if (to === change.to) continue
    changes = merged(changes, [{ name, from: change.to, to }])
    saveJournal(changes, places)
  }
  return applied
}

/** The journal of the changes so far and the ones to come. */
function merged(earlier: readonly Change[], wanted: readonly Applied[]): Change[] {
  const changes = new Map(earlier.map((change) => [change.name, change]))
  for (const { name, from, to } of wanted) {
    const change = changes.get(name)
    // A value that is neither the one to put back nor ours is somebody else's, and now the one to put back.
    const isOurs = change !== undefined && [change.before, ...change.ours].includes(from)
    changes.set(
      name,
      isOurs
        ? { ...change, ours: [...change.ours.filter((value) => value !== to), to] }
        : { name, before: from, ours: [to] }
    )
  }
  return [...changes.values()]
}

/** Sets it, and adds what it became to what is set; says what went wrong, or null. */
function set({ name, from, to }: Applied, applied: Applied[], places: Places): string | null {
  try {
    writeKnob(name, to, places)
  } catch (error) {
    return `${name} cannot be set to ${to} (${reasonOf(error)})`
  }
  const is = readKnob(name, places)
  applied.push({ name, from, to: is })
  // Rounded up, as nf_conntrack_buckets to whole pages, is as good.
  return suffices(is, to) ? null : `${name} was ${from}, and set to ${to} it became ${is}`
}

/** Puts back what was set in vain. What cannot be put back stays in the journal. */
function undone(
  problem: string,
  applied: readonly Applied[],
  earlier: readonly Change[],
  places: Places
): C1mError {
  try {
    for (const { name, from } of applied.toReversed()) writeKnob(name, from, places)
    saveJournal(earlier, places)
  } catch (cause) {
    return new C1mError('C1M_SYSCTL_FAILED', `${problem}, and not all could be put back`, {
      hint: 'The journal has what they were: c1m-native doctor --revert.',
      cause
    })
  }
  return new C1mError('C1M_SYSCTL_FAILED', `${problem}; everything was put back`, {
    hint: 'Set it by hand, and see what the kernel says: dmesg.'
  })
}

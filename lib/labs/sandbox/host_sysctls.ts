/**
 * Sysctls of the initial network namespace, which all namespaces share. One run at a time changes them, for seconds, and
 * restores them however it ends. A journal on disk has their values before the first change, so that `lab clean` can
 * restore them after a SIGKILL.
 */
import { accessSync, constants } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { C1mError } from '../../base/errors.js'
import { reasonOf } from '../../host/proc_reader.js'
import type { ProcessIdentity } from '../../host/process_identity.js'
import {
  type HostPaths,
  hostJournal,
  hostPaths,
  isAbandoned,
  keepStuck,
  putBackAbandoned,
  settle
} from '../../host/sysctl/host_journal.js'
import { type Change, readAnyJournal, readJournal, saveJournal } from '../../host/sysctl/journal.js'
import type { JournalPlace } from '../../host/sysctl/journal_place.js'
import { withLock } from '../../host/sysctl/lock.js'
import { type PutBack, putBack } from '../../host/sysctl/put_back.js'
import { isSysctlValue, isWritten, readSysctl, sysctlPath, writeSysctl } from '../../host/sysctl/values.js'

/** Interval between two looks whether another run is done with the host's sysctls, in milliseconds. */
const retryMs = 100

/**
 * Whether this process may not change the sysctl: only root in the initial network namespace may. False when it does not
 * exist, e.g. before its kernel module is loaded.
 */
export function isReadOnly(name: string, { procRoot }: HostPaths = hostPaths): boolean {
  try {
    accessSync(sysctlPath(name, procRoot), constants.W_OK)
    return false
  } catch (error) {
    return reasonOf(error) !== 'ENOENT'
  }
}

/** What was restored. */
export interface RestoredSysctls {
  /** Values, by name. */
  readonly sysctls: Readonly<Record<string, string>>
  /** Names that no longer exist, because their kernel module was unloaded. */
  readonly gone: readonly string[]
}

/** The changes of one run. */
export class HostSysctls {
  readonly #owner: ProcessIdentity
  readonly #place: JournalPlace
  #changes: readonly Change[] | undefined

  constructor(owner: ProcessIdentity, paths: HostPaths = hostPaths) {
    this.#owner = owner
    this.#place = hostJournal(paths)
  }

  /**
   * Sets one of `names`. The first call saves the values of all of them, and waits while another run has changed some.
   * @throws C1mError C1M_LAB_FAILED when it does not exist or may not be written; C1M_JOURNAL_INVALID, C1M_JOURNAL_FOREIGN,
   * C1M_JOURNAL_FAILED when the journal of another run cannot be replaced; and the signal's reason
   */
  async set(
    names: readonly string[],
    name: string,
    value: number | string,
    signal: AbortSignal
  ): Promise<void> {
    this.#changes ??= await this.#claim(names, signal)
    if (!this.#changes.some((change) => change.name === name))
      throw cannotChange(name, 'its value before was not saved')
    try {
      writeSysctl(name, String(value), this.#place.procRoot)
    } catch (cause) {
      throw cannotChange(name, (cause as Error).message, cause)
    }
  }

  /**
   * Restores everything; may be called any number of times. Needs no lock: other processes leave the journal of a running
   * process alone.
   * @throws C1mError C1M_LAB_FAILED when some could not be restored, after the others were
   */
  restore(): RestoredSysctls {
    if (!this.#changes) return summary(putBack([], this.#place.procRoot))
    const outcome = putBack(this.#changes, this.#place.procRoot)
    this.#changes =
      outcome.stuck.length === 0 ? undefined : outcome.stuck.map(({ change }) => change).reverse()
    if (this.#isMine()) keepStuck(outcome, this.#place, this.#owner)
    return summary(outcome)
  }

  /** A user may have removed this run's journal by hand, and another run may have written one since. */
  #isMine(): boolean {
    const { owner } = readAnyJournal(this.#place) ?? {}
    return owner?.pid === this.#owner.pid && owner.startTicks === this.#owner.startTicks
  }

  async #claim(names: readonly string[], signal: AbortSignal): Promise<readonly Change[]> {
    for (;;) {
      signal.throwIfAborted()
      const changes = this.#tryToClaim(names)
      if (changes !== null) return changes
      await sleep(retryMs, undefined, { signal })
    }
  }

  /** The values before. They are read under the lock, when no other run has changed them; null: another run has. */
  #tryToClaim(names: readonly string[]): readonly Change[] | null {
    const place = this.#place
    try {
      return withLock(place, () => {
        const journal = readJournal(place)
        if (journal !== null && !isAbandoned(journal, place)) return null
        if (journal !== null) summary(settle(journal, place))
        const changes = names.map((name) => ({ name, before: valueBefore(name, place), ours: [] }))
        saveJournal(changes, place, this.#owner)
        return changes
      })
    } catch (error) {
      if (error instanceof C1mError && error.code === 'C1M_JOURNAL_BUSY') return null
      throw error
    }
  }
}

/**
 * Restores what a run that has ended had changed.
 * @throws C1mError C1M_LAB_FAILED when some may not be written, after the others were; C1M_JOURNAL_INVALID,
 * C1M_JOURNAL_FOREIGN, C1M_JOURNAL_FAILED, C1M_JOURNAL_BUSY
 */
export function restoreAbandoned(paths: HostPaths = hostPaths): RestoredSysctls {
  return summary(putBackAbandoned(hostJournal(paths)))
}

function summary({ restored, gone, stuck: [first] }: PutBack): RestoredSysctls {
  if (first !== undefined)
    throw cannotChange(
      first.change.name,
      `it was ${first.change.before} before a lab; ${(first.cause as Error).message}`,
      first.cause
    )
  return { sysctls: Object.fromEntries(restored.map(({ name, to }) => [name, to])), gone }
}

/** Refuses a value that the journal could not restore. */
function valueBefore(name: string, { procRoot }: JournalPlace): string {
  let value: string
  try {
    value = readSysctl(name, procRoot)
  } catch (cause) {
    throw cannotChange(name, (cause as Error).message, cause)
  }
  if (isWritten(name) && isSysctlValue(value)) return value
  throw cannotChange(name, 'its value is not one that can be restored')
}

function cannotChange(name: string, reason: string, cause?: unknown): C1mError {
  return new C1mError('C1M_LAB_FAILED', `cannot change ${name}: ${reason}`, {
    hint: 'Run as root in the initial network namespace.',
    cause
  })
}

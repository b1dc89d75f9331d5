/**
 * Sysctls of the initial network namespace, which all namespaces share: changed for seconds, by one run at a time, and
 * put back on every way out. What they were is on disk before the first is changed, for `lab clean` after a SIGKILL.
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

/** Looks again this often whether another run is done with the host's sysctls, in milliseconds. */
const retryMs = 100

/**
 * Whether this process may not change it: only root in the initial network namespace may. False where it is not there,
 * as before the module it belongs to is loaded.
 */
export function isReadOnly(name: string, { procRoot }: HostPaths = hostPaths): boolean {
  try {
    accessSync(sysctlPath(name, procRoot), constants.W_OK)
    return false
  } catch (error) {
    return reasonOf(error) !== 'ENOENT'
  }
}

/** What was put back. */
export interface RestoredSysctls {
  /** Values, by name. */
  readonly sysctls: Readonly<Record<string, string>>
  /** Names that are not there any more: their module was unloaded, and took the values with it. */
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
   * Sets one of `names`, of which the values are remembered together; waits while another run has changed some.
   * @throws C1mError C1M_LAB_FAILED when it is not there or may not be written; C1M_JOURNAL_INVALID, C1M_JOURNAL_FOREIGN,
   * C1M_JOURNAL_FAILED when what another run has left is in the way; and the signal's reason
   */
  async set(
    names: readonly string[],
    name: string,
    value: number | string,
    signal: AbortSignal
  ): Promise<void> {
    this.#changes ??= await this.#claim(names, signal)
    if (!this.#changes.some((change) => change.name === name))
      throw cannotChange(name, 'it was not remembered')
    try {
      writeSysctl(name, String(value), this.#place.procRoot)
    } catch (cause) {
      throw cannotChange(name, (cause as Error).message, cause)
    }
  }

  /**
   * Puts everything back; any number of times. Waits for nothing: nobody else touches the journal of a living process.
   * @throws C1mError C1M_LAB_FAILED when some could not be put back, after the others were
   */
  restore(): RestoredSysctls {
    if (!this.#changes) return summary(putBack([], this.#place.procRoot))
    const outcome = putBack(this.#changes, this.#place.procRoot)
    this.#changes =
      outcome.stuck.length === 0 ? undefined : outcome.stuck.map(({ change }) => change).reverse()
    if (this.#isMine()) keepStuck(outcome, this.#place, this.#owner)
    return summary(outcome)
  }

  /** Its journal may have been removed by hand, and another run may have written one since. */
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

  /** The values before, which are read when nobody else can have changed them; null: another run has. */
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
 * Puts back what a run that is no more had changed; gives what that was.
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

/** What would be put back has to be something that a journal may hold. */
function valueBefore(name: string, { procRoot }: JournalPlace): string {
  let value: string
  try {
    value = readSysctl(name, procRoot)
  } catch (cause) {
    throw cannotChange(name, (cause as Error).message, cause)
  }
  if (isWritten(name) && isSysctlValue(value)) return value
  throw cannotChange(name, 'it is none of those that can be put back')
}

function cannotChange(name: string, reason: string, cause?: unknown): C1mError {
  return new C1mError('C1M_LAB_FAILED', `cannot change ${name}: ${reason}`, {
    hint: 'Run as root in the initial network namespace.',
    cause
  })
}

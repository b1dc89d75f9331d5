/**
 * Sysctls of the initial network namespace, which all namespaces share: changed for seconds, by one run at a time, and
 * put back on every way out. What they were is on disk before the first is changed, for `lab clean` after a SIGKILL.
 */
import { accessSync, constants, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { C1mError } from '../errors.js'
import { isAlive, type Owner } from './owner.js'

/** What {@link HostSysctls} keeps on disk while something is changed. */
interface Journal extends Owner {
  /** Values before, by name. */
  readonly before: Readonly<Record<string, string>>
}

/** Where things are; tests have their own. */
export interface HostPaths {
  /** Default `/run/c1m-native`: gone with the next boot, as the changes are. */
  readonly stateFolder: string
  /** Default `/proc`. */
  readonly procRoot: string
}

export const hostPaths: HostPaths = { stateFolder: '/run/c1m-native', procRoot: '/proc' }

/** Looks again this often whether another run is done with the host's sysctls, in milliseconds. */
const retryMs = 100

/**
 * Whether this process may not change it: only root in the initial network namespace may. False where it is not there,
 * as before the module it belongs to is loaded.
 */
export function isReadOnly(name: string, { procRoot }: HostPaths = hostPaths): boolean {
  try {
    accessSync(fileOf(name, procRoot), constants.W_OK)
    return false
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ENOENT'
  }
}

/** The changes of one run. */
export class HostSysctls {
  readonly #owner: Owner
  readonly #paths: HostPaths
  #before: Readonly<Record<string, string>> | undefined

  constructor(owner: Owner, paths: HostPaths = hostPaths) {
    this.#owner = owner
    this.#paths = paths
  }

  /**
   * Sets one of `names`, of which the values are remembered together; waits while another run has changed some.
   * @throws C1mError C1M_LAB_FAILED when it is not there or may not be written, and the signal's reason
   */
  async set(names: readonly string[], name: string, value: number, signal: AbortSignal): Promise<void> {
    this.#before ??= await this.#claim(names, signal)
    write(name, String(value), this.#paths)
  }

  /** Puts everything back; any number of times. */
  restore(): void {
    if (!this.#before) return
    putBack(this.#before, this.#paths)
    this.#before = undefined
  }

  async #claim(names: readonly string[], signal: AbortSignal): Promise<Readonly<Record<string, string>>> {
    for (;;) {
      restoreAbandoned(this.#paths)
      const before = Object.fromEntries(names.map((name) => [name, read(name, this.#paths)]))
      if (claimJournal({ ...this.#owner, before }, this.#paths)) return before
      await sleep(retryMs, undefined, { signal })
    }
  }
}

/**
 * Puts back what a run that is no more had changed; gives what that was.
 * @throws C1mError C1M_LAB_FAILED when it may not be written
 */
export function restoreAbandoned(paths: HostPaths = hostPaths): Readonly<Record<string, string>> {
  const journal = readJournal(paths)
  if (!journal || isAlive(journal, paths.procRoot)) return {}
  putBack(journal.before, paths)
  return journal.before
}

/** Appears whole, or not at all because another one is there: link(2) does not replace. */
function claimJournal(journal: Journal, { stateFolder }: HostPaths): boolean {
  mkdirSync(stateFolder, { recursive: true })
  const temporary = join(stateFolder, `.host-sysctls.${journal.pid}.tmp`)
  writeFileSync(temporary, JSON.stringify(journal))
  try {
    linkSync(temporary, journalPath(stateFolder))
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  } finally {
    rmSync(temporary)
  }
}

function readJournal({ stateFolder }: HostPaths): Journal | null {
  try {
    return JSON.parse(readFileSync(journalPath(stateFolder), 'utf8')) as Journal
  } catch {
    return null
  }
}

function putBack(before: Readonly<Record<string, string>>, paths: HostPaths): void {
  for (const [name, value] of Object.entries(before)) write(name, value, paths)
  rmSync(journalPath(paths.stateFolder), { force: true })
}

function read(name: string, { procRoot }: HostPaths): string {
  try {
    return readFileSync(fileOf(name, procRoot), 'latin1').trim()
  } catch (cause) {
    throw cannot(name, cause)
  }
}

function write(name: string, value: string, { procRoot }: HostPaths): void {
  try {
    writeFileSync(fileOf(name, procRoot), value)
  } catch (cause) {
    throw cannot(name, cause)
  }
}

function fileOf(name: string, procRoot: string): string {
  return `${procRoot}/sys/${name.replaceAll('.', '/')}`
}

function journalPath(stateFolder: string): string {
  return join(stateFolder, 'host-sysctls.json')
}

function cannot(name: string, cause: unknown): C1mError {
  return new C1mError('C1M_LAB_FAILED', `cannot change ${name}: ${(cause as Error).message}`, {
    hint: 'Run as root in the initial network namespace.',
    cause
  })
}

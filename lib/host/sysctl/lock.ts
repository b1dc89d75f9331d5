/** One process at a time changes sysctls and their journal. */
import { mkdirSync, readdirSync, readlinkSync, rmSync, symlinkSync, unlinkSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { C1mError } from '../../base/errors.js'
import { quote } from '../../base/quote.js'
import { reasonOf } from '../proc_reader.js'
import { formatProcess, isAlive, parseProcess, thisProcess } from '../process_identity.js'
import { temporaryPath } from './durable_file.js'
import { writeFailure } from './journal.js'
import type { JournalPlace } from './journal_place.js'

/** Looks again this often, in milliseconds. */
const pollMs = 5

export function lockPath({ path }: JournalPlace): string {
  return `${path}.lock`
}

/**
 * Does `action` while no other process does. What the other one does takes milliseconds, and may have made this one
 * needless: who has to be sure waits for `waitMs` and looks again, others do not wait.
 * @throws C1mError C1M_JOURNAL_BUSY, C1M_JOURNAL_FAILED
 */
export function withLock<T>(place: JournalPlace, action: () => T, waitMs = 0): T {
  const path = lockPath(place)
  try {
    mkdirSync(dirname(path), { recursive: true, mode: place.modes.folder })
    acquire(path, waitMs)
  } catch (cause) {
    if (cause instanceof C1mError) throw cause
    throw writeFailure(place, cause)
  }
  try {
    sweep(place)
    return action()
  } finally {
    release(path)
  }
}

/** Who is in the way, and the link that says so. */
interface Other {
  readonly holder: string | null
  readonly path: string
}

function acquire(path: string, waitMs: number): void {
  const deadline = performance.now() + waitMs
  for (;;) {
    const other = attempt(path)
    if (other === null) return
    if (performance.now() >= deadline) throw busy(other)
    pause(pollMs)
  }
}

/**
 * Null: it is ours. A lock of a process that has gone is taken away, by one of those that find it: who comes too late
 * would take that of who came first. The claim to do so bears the name of who has gone, which nobody bears again, and is
 * a lock itself: its holder may be killed, too.
 */
function attempt(path: string): Other | null {
  if (link(path)) return null
  const holder = readHolder(path)
  if (holder !== null) {
    if (isRunning(holder)) return { holder, path }
    const claim = `${path}.${holder}`
    const other = attempt(claim)
    if (other !== null) return other
    if (readHolder(path) === holder) release(path)
    release(claim)
  }
  return link(path) ? null : { holder: readHolder(path), path }
}

/** False: it is there already. The lock is a symlink to nowhere that names its holder: made and filled in one step. */
function link(path: string): boolean {
  try {
    symlinkSync(formatProcess(thisProcess()), path)
    return true
  } catch (error) {
    if (reasonOf(error) === 'EEXIST') return false
    throw error
  }
}

function release(path: string): void {
  try {
    unlinkSync(path)
  } catch (error) {
    // It was removed by hand, as the hint of the error says, or by a sweep.
    if (reasonOf(error) !== 'ENOENT') throw error
  }
}

/**
 * Removes what killed processes have left beside the journal. Claims are of locks that are gone for good while we have
 * the lock, so nobody acts upon one; a temporary file goes with its process.
 */
function sweep(place: JournalPlace): void {
  const folder = dirname(place.path)
  const lock = `${basename(lockPath(place))}.`
  const [before = '', after = ''] = temporaryPath(basename(place.path), '|').split('|')
  for (const name of readdirSync(folder)) {
    const isTemporary = name.startsWith(before) && name.endsWith(after)
    if (isTemporary && !isRunning(name.slice(before.length, -after.length)))
      rmSync(join(folder, name), { force: true, recursive: true })
    else if (name.startsWith(lock)) release(join(folder, name))
  }
}

/** Whether something is beside the journal: a lock, or what a killed process has left. */
export function hasRemains({ path }: JournalPlace): boolean {
  try {
    return readdirSync(dirname(path)).some((name) => name.startsWith(`${basename(path)}.`))
  } catch {
    // No such folder, or none that concerns this user.
    return false
  }
}

/** Null: it is gone by now. */
function readHolder(path: string): string | null {
  try {
    return readlinkSync(path)
  } catch (error) {
    if (reasonOf(error) === 'ENOENT') return null
    if (reasonOf(error) === 'EINVAL') throw inTheWay(path)
    throw error
  }
}

function isRunning(holder: string): boolean {
  const identity = parseProcess(holder)
  return identity !== null && isAlive(identity)
}

/** Nothing else can be done here meanwhile; this is called while a process exits, too. */
function pause(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
}

function busy({ holder, path }: Other): C1mError {
  const who = holder === null ? 'another process' : `process ${Number.parseInt(holder, 10)}`
  return new C1mError(
    'C1M_JOURNAL_BUSY',
    `${who} is changing the sysctls of this host (lock ${quote(path)}); nothing was changed`,
    { hint: `Run it again when that is done; if there is no such process, rm ${quote(path)}.` }
  )
}

function inTheWay(path: string): C1mError {
  return new C1mError(
    'C1M_JOURNAL_FAILED',
    `${quote(path)} is no lock, and stands in its place; nothing was changed`,
    {
      hint: `Remove it: rm -r ${quote(path)}.`
    }
  )
}

/** A lock, so that one process at a time changes sysctls and their journal. */
import { mkdirSync, readdirSync, readlinkSync, rmSync, symlinkSync, unlinkSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { C1mError } from '../../base/errors.js'
import { quote } from '../../base/quote.js'
import { reasonOf } from '../proc_reader.js'
import { formatProcess, isAlive, parseProcess, thisProcess } from '../process_identity.js'
import { temporaryPath } from './durable_file.js'
import { writeFailure } from './journal.js'
import type { JournalPlace } from './journal_place.js'

/** Interval between two attempts to take the lock, in milliseconds. */
const pollMs = 5

export function lockPath({ path }: JournalPlace): string {
  return `${path}.lock`
}

/**
 * Runs `action` while holding the lock. Another process holds it for milliseconds only, and may do the same work: a caller
 * that must be certain waits up to `waitMs` and then checks again; other callers do not wait.
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

/** The process that holds the lock, and the symlink that names it. */
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
 * Takes the lock; null means that this process now holds it. The lock of an ended process is removed. Only one of several
 * processes that find it may remove it, or a slow one would delete a new lock. The right to remove it is a lock as well,
 * named after the ended process, whose name no other process ever has; its holder may be killed, too.
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

/** False if the lock exists. It is a dangling symlink that names its holder, so it is created and filled in one step. */
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
    // Someone removed it by hand, as the hint of the error says, or a sweep did.
    if (reasonOf(error) !== 'ENOENT') throw error
  }
}

/**
 * Removes what killed processes have left beside the journal. While this process holds the lock, the locks that claims
 * refer to are gone for good, so no process acts on a claim; a temporary file is useless once its process has ended.
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

/** Whether a lock, or a file that a killed process has left, is beside the journal. */
export function hasRemains({ path }: JournalPlace): boolean {
  try {
    return readdirSync(dirname(path)).some((name) => name.startsWith(`${basename(path)}.`))
  } catch {
    // The folder does not exist, or this user may not read it.
    return false
  }
}

/** Null if it no longer exists. */
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

/** Blocks the thread: there is nothing else to do, and an exiting process calls this as well. */
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

/** One process at a time changes sysctls and their journal. */
import { mkdirSync, readFileSync, readlinkSync, symlinkSync, unlinkSync } from 'node:fs'
import { C1mError } from '../errors.js'
import { reasonOf } from '../host/proc_reader.js'
import { journalPath, writeFailure } from './journal.js'
import type { Places } from './places.js'

export function lockPath(places: Places): string {
  return `${journalPath(places)}.lock`
}

/**
 * Does `action` while no other process does. It neither waits nor tries again: what the other one does takes
 * milliseconds, and may have made this one needless.
 * @throws C1mError C1M_JOURNAL_BUSY, C1M_JOURNAL_FAILED
 */
export function withLock<T>(places: Places, action: () => T): T {
  const path = lockPath(places)
  acquire(path, places)
  try {
    return action()
  } finally {
    release(path)
  }
}

/** The lock is a symlink to nowhere that names its holder: made and filled in one step, unlike a file. */
function acquire(path: string, places: Places): void {
  try {
    mkdirSync(places.stateFolder, { recursive: true, mode: 0o700 })
    if (link(path)) return
    const holder = readHolder(path)
    if (holder !== null && isRunning(holder)) throw busy(holder, path)
    if (holder !== null) takeAway(path, holder)
    if (!link(path)) throw busy(readHolder(path), path)
  } catch (cause) {
    if (cause instanceof C1mError) throw cause
    throw writeFailure(places, cause)
  }
}

/** False: it is there already. */
function link(path: string): boolean {
  try {
    symlinkSync(holderOf(process.pid) ?? `${process.pid}`, path)
    return true
  } catch (error) {
    if (reasonOf(error) === 'EEXIST') return false
    throw error
  }
}

/**
 * Removes the lock of a process that has gone. Of several that find it only one may: who comes too late would remove the
 * lock of who came first. The claim bears the name of who has gone, which nobody bears again.
 */
function takeAway(path: string, holder: string): void {
  const claim = `${path}.${holder}`
  if (!link(claim)) throw busy(readHolder(claim), claim)
  try {
    if (readHolder(path) === holder) release(path)
  } finally {
    release(claim)
  }
}

function release(path: string): void {
  try {
    unlinkSync(path)
  } catch (error) {
    // Somebody took the hint too early.
    if (reasonOf(error) !== 'ENOENT') throw error
  }
}

function readHolder(path: string): string | null {
  try {
    return readlinkSync(path)
  } catch (error) {
    if (reasonOf(error) === 'ENOENT') return null
    throw error
  }
}

/** `PID-STARTTIME`: the number alone may be given to another process. Null: there is none, or it is dead. */
function holderOf(pid: number): string | null {
  try {
    // proc_pid_stat(5): the name, in parentheses, may hold anything; then state is the 3rd field, starttime the 22nd.
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return ['Z', 'X'].includes(fields[0] ?? '') ? null : `${pid}-${fields[19]}`
  } catch {
    return null
  }
}

function isRunning(holder: string): boolean {
  return holderOf(Number.parseInt(holder, 10)) === holder
}

function busy(holder: string | null, path: string): C1mError {
  const who = holder === null ? 'another process' : `process ${Number.parseInt(holder, 10)}`
  return new C1mError(
    'C1M_JOURNAL_BUSY',
    `${who} is changing the sysctls of this host (lock '${path}'); nothing was changed`,
    { hint: `Run it again when that is done; if there is no such process, rm '${path}'.` }
  )
}

/** Files that are there whole or not at all, also when the power goes. */
import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync
} from 'node:fs'
import { dirname } from 'node:path'
import { reasonOf } from '../proc_reader.js'
import { formatProcess, thisProcess } from '../process_identity.js'

/** A journal has a few hundred bytes. */
const maxBytes = 1 << 20

/**
 * The text of a file, or null when there is none. Never waits, as a read of a named pipe would.
 * @throws an errno error, or an Error that says what it is instead
 */
export function readWhole(path: string): string | null {
  let descriptor: number
  try {
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(reasonOf(error))) return null
    throw error
  }
  try {
    const stat = fstatSync(descriptor)
    if (!stat.isFile() && !stat.isDirectory()) throw new Error('not a regular file')
    if (stat.size > maxBytes) throw new Error(`${stat.size} bytes are too many`)
    return readFileSync(descriptor, 'utf8')
  } finally {
    closeSync(descriptor)
  }
}

/**
 * Writes `text` to `path`: whole, or what was there stays. It is on the disk when this returns.
 * @throws the errno error; the temporary file is removed
 */
export function writeWhole(path: string, text: string, modes: { file: number; folder: number }): void {
  const temporary = temporaryPath(path, formatProcess(thisProcess()))
  try {
    mkdirSync(dirname(path), { recursive: true, mode: modes.folder })
    rmSync(temporary, { force: true })
    synced(temporary, 'wx', modes.file, (descriptor) => writeFileSync(descriptor, text))
    renameSync(temporary, path)
    syncFolder(path)
  } catch (error) {
    discard(temporary)
    throw error
  }
}

/** Removes it for good. @throws the errno error */
export function removeWhole(path: string): void {
  rmSync(path, { force: true })
  syncFolder(path)
}

/** Where a process writes before it renames. Bears who writes, so that what a killed one has left is nobody's obstacle. */
export function temporaryPath(path: string, writer: string): string {
  return `${path}.${writer}.tmp`
}

/** A name is only as durable as its folder. */
function syncFolder(path: string): void {
  synced(dirname(path), 'r', 0, () => {})
}

function synced(path: string, flags: string, mode: number, action: (descriptor: number) => void): void {
  const descriptor = openSync(path, flags, mode)
  try {
    action(descriptor)
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

function discard(path: string): void {
  try {
    rmSync(path, { force: true })
  } catch {
    // It was never made: a part of its path is no folder.
  }
}

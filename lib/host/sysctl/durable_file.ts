/** Files that exist whole or not at all, even after a power failure. */
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

/** Far above the size of a journal, which has a few hundred bytes. */
const maxBytes = 1 << 20

/**
 * The text of a file; null if it does not exist. Never blocks, as reading a named pipe would.
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
 * Replaces the content of `path` by `text`, whole or not at all. The data is on the disk when this returns.
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

/** Removes a file durably. @throws the errno error */
export function removeWhole(path: string): void {
  rmSync(path, { force: true })
  syncFolder(path)
}

/** The file that is written and then renamed. Its name has the process, so a killed one leaves no obstacle to others. */
export function temporaryPath(path: string, writer: string): string {
  return `${path}.${writer}.tmp`
}

/** A new name is durable only once its folder is synced. */
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
    // It was never created: a part of its path is not a folder.
  }
}

import {
  accessSync,
  closeSync,
  constants,
  lstatSync,
  mkdtempSync,
  openSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { C1mError } from '../base/errors.js'
import { quote } from '../base/quote.js'
import { cannotWrite } from './write_failure.js'

/** A file the result will be in: whole, or as it was before. Nothing of it is on disk while the run goes on. */
export class ResultFile {
  readonly #path: string
  /** Whether it is written where it is: a device, a pipe, or a file in a folder that takes no new ones. */
  readonly #inPlace: boolean

  private constructor(path: string, inPlace: boolean) {
    this.#path = path
    this.#inPlace = inPlace
  }

  /**
   * Makes sure, before the run, that `path` can be written to.
   * @throws C1mError C1M_OUTPUT_FAILED
   */
  static check(path: string): ResultFile {
    try {
      const target = followLinks(path)
      const existing = statSync(target, { throwIfNoEntry: false })
      if (existing?.isDirectory() || path.endsWith('/'))
        throw new C1mError('C1M_OUTPUT_FAILED', `cannot write to ${quote(path)}: it is a directory`, {
          hint: 'Name a file in it.'
        })
      if (existing) mayBeOpened(target)
      const inPlace = existing !== undefined && (!existing.isFile() || !takesFiles(dirname(target)))
      // By making one: access(2) knows nothing of file systems that take none, such as /proc and /sys.
      if (!inPlace) unlinkSync(makeFile(dirname(target), ''))
      return new ResultFile(target, inPlace)
    } catch (error) {
      throw error instanceof C1mError ? error : cannotWrite(quote(path), error)
    }
  }

  /**
   * @param waits whether a FIFO that nobody reads yet is waited for
   * @throws C1mError C1M_OUTPUT_FAILED, which says where the text is instead, if it could be kept at all
   */
  async write(text: string, waits = true): Promise<void> {
    try {
      // A file is written before the first await: only a FIFO may have to wait for its reader.
      if (!this.#inPlace) replaceFile(this.#path, text)
      else if (statSync(this.#path).isFIFO()) await writeFifo(this.#path, text, waits)
      else writeFileSync(this.#path, text)
    } catch (error) {
      throw cannotWrite(quote(this.#path), error, kept(text))
    }
  }
}

/** Where a path leads to. Unlike realpath(3) also through a link to a file that is yet to be made. */
function followLinks(path: string): string {
  // As many as the kernel follows: MAXSYMLINKS in include/linux/namei.h.
  for (let target = path, links = 0; ; links++) {
    const isLink = lstatSync(target, { throwIfNoEntry: false })?.isSymbolicLink()
    // More of them: open(2) will say ELOOP.
    if (!isLink || links === 40) return target
    target = resolve(dirname(target), readlinkSync(target))
  }
}

/** Throws the error of opening a file for writing. Does not wait for the reader of a FIFO. */
function mayBeOpened(path: string): void {
  try {
    closeSync(openSync(path, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY))
  } catch (error) {
    if (!isFifoWithoutReader(path, error)) throw error
  }
}

/** fifo(7): nobody has opened it for reading yet. */
function isFifoWithoutReader(path: string, error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENXIO' && statSync(path).isFIFO()
}

function takesFiles(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK | constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** Writes a file of a name that nobody has, and gives its path. */
function makeFile(folder: string, text: string, mode = 0o666): string {
  // A process ID alone comes again: in a container it is the same at every start.
  const path = join(folder, `.c1m-native-${process.pid}-${process.hrtime.bigint()}.tmp`)
  try {
    writeFileSync(path, text, { flag: 'wx', mode })
    return path
  } catch (error) {
    rmSync(path, { force: true })
    throw error
  }
}

/** By way of a file beside it, so that a reader finds the old text or the new one. */
function replaceFile(path: string, text: string): void {
  const existing = statSync(path, { throwIfNoEntry: false })
  // The mode of a file that is replaced is kept, less the umask.
  const temporary = makeFile(dirname(path), text, existing && existing.mode & 0o777)
  try {
    renameSync(temporary, path)
  } catch (error) {
    rmSync(temporary, { force: true })
    // A file that is mounted on its own, as into a container, cannot be replaced.
    if ((error as NodeJS.ErrnoException).code !== 'EBUSY') throw error
    writeFileSync(path, text)
  }
}

/** Interval between attempts to open a FIFO that has no reader yet, in milliseconds. */
const fifoPollMs = 50

/** Waits for a reader without a thread that waits in open(2): that would keep the process from exiting. */
async function writeFifo(path: string, text: string, waits: boolean): Promise<void> {
  const { Socket } = await import('node:net')
  for (;;) {
    try {
      const fd = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK)
      const stream = new Socket({ fd, readable: false, writable: true })
      return await new Promise((resolve, reject) => stream.once('error', reject).end(text, () => resolve()))
    } catch (error) {
      if (!waits || !isFifoWithoutReader(path, error)) throw error
    }
    await sleep(fifoPollMs)
  }
}

/** Keeps a result that has no other place, in the folder for temporary files; null when that fails too. */
function kept(text: string): string | null {
  try {
    const path = join(mkdtempSync(join(tmpdir(), 'c1m-native-')), 'result.json')
    writeFileSync(path, text)
    return path
  } catch {
    return null
  }
}

/** Where data goes: stdout, which may lose its reader, and the file of --out, which is checked before the run. */
import {
  accessSync,
  closeSync,
  constants,
  openSync,
  promises,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { getSystemErrorMap } from 'node:util'
import { C1mError } from '../errors.js'
import { quote } from '../quote.js'

/** Standard output. Once its reader has gone (`| head`), what is written is dropped without a word. */
export class Stdout {
  readonly #stream: NodeJS.WriteStream
  readonly #gone = new AbortController()

  constructor(stream: NodeJS.WriteStream = process.stdout) {
    this.#stream = stream
    // Every failure also reaches the callback of the write; without a listener it would end the process.
    stream.on('error', () => {})
  }

  /** Aborted when nobody reads any more. */
  get readerGone(): AbortSignal {
    return this.#gone.signal
  }

  /** Resolves when the text is handed over, so that the process does not end before. */
  write(text: string): Promise<void> {
    if (this.#gone.signal.aborted) return Promise.resolve()
    return new Promise((resolve, reject) => {
      this.#stream.write(text, (error) => {
        if (!error) return resolve()
        if ((error as NodeJS.ErrnoException).code !== 'EPIPE') return reject(cannotWrite('stdout', error))
        this.#gone.abort()
        resolve()
      })
    })
  }
}

/** A file the result will be in: whole, or not there at all. */
export class ResultFile {
  readonly #path: string
  /** What is open while the run goes on; undefined for a device or a pipe, which is opened when there is a result. */
  #temporary: { readonly path: string; readonly fd: number } | undefined
  readonly #discard = () => this.discard()

  private constructor(path: string) {
    this.#path = path
  }

  /**
   * Makes sure that `path` can be written to, by opening a temporary file beside it.
   * @throws C1mError C1M_OUTPUT_FAILED
   */
  static open(path: string): ResultFile {
    try {
      const existing = statSync(path, { throwIfNoEntry: false })
      if (existing?.isDirectory())
        throw new C1mError('C1M_OUTPUT_FAILED', `cannot write to ${quote(path)}: it is a directory`, {
          hint: 'Name a file in it.'
        })
      if (existing) accessSync(path, constants.W_OK)
      if (existing && !existing.isFile()) return new ResultFile(path)
      const file = new ResultFile(existing ? realpathSync(path) : path)
      const temporary = join(dirname(file.#path), `.${basename(file.#path)}.${process.pid}.tmp`)
      // The mode of a file that is replaced is kept, less the umask.
      file.#temporary = {
        path: temporary,
        fd: openSync(temporary, 'wx', existing ? existing.mode & 0o777 : 0o666)
      }
      process.once('exit', file.#discard)
      return file
    } catch (error) {
      throw error instanceof C1mError ? error : cannotWrite(quote(path), error)
    }
  }

  /** @throws C1mError C1M_OUTPUT_FAILED */
  async write(text: string): Promise<void> {
    try {
      if (!this.#temporary) return await promises.writeFile(this.#path, text)
      writeFileSync(this.#temporary.fd, text)
      renameSync(this.#temporary.path, this.#path)
      this.#release(this.#temporary)
    } catch (error) {
      throw cannotWrite(quote(this.#path), error)
    }
  }

  /** Leaves nothing behind of a file that was not written. */
  discard(): void {
    if (!this.#temporary) return
    rmSync(this.#temporary.path, { force: true })
    this.#release(this.#temporary)
  }

  #release({ fd }: { readonly fd: number }): void {
    closeSync(fd)
    this.#temporary = undefined
    process.off('exit', this.#discard)
  }
}

/** The error of a place that does not take what is written to it. */
export function cannotWrite(what: string, error: unknown): C1mError {
  const { code = '', errno = 0, message } = error as NodeJS.ErrnoException
  const reason = getSystemErrorMap().get(errno)?.[1] ?? message
  return new C1mError('C1M_OUTPUT_FAILED', `cannot write to ${what}: ${reason}`, {
    hint: remedies[code] ?? 'Choose another place.',
    cause: error
  })
}

const remedies: Readonly<Record<string, string>> = {
  ENOENT: 'Make the folder first.',
  EACCES: 'Choose a place you may write to.',
  EPERM: 'Choose a place you may write to.',
  EROFS: 'Choose a place on a file system that is not read-only.',
  ENOSPC: 'Make room, or choose another place.',
  ENOTDIR: 'A part of the path is a file; name a folder there.'
}

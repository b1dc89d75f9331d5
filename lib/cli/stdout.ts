import { cannotWrite } from './write_failure.js'

/**
 * Standard output. Once its reader has gone (`| head`, a terminal that was closed), what is written is dropped without a
 * word.
 */
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
        if (!hasGone(error, this.#stream)) return reject(cannotWrite('stdout', error))
        this.#gone.abort()
        resolve()
      })
    })
  }
}

/** A terminal that was closed gives EIO: see tty_hung_up_p in drivers/tty/tty_io.c. */
function hasGone(error: NodeJS.ErrnoException, stream: NodeJS.WriteStream): boolean {
  return error.code === 'EPIPE' || (error.code === 'EIO' && stream.isTTY)
}

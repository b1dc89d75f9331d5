/** Child processes that speak JSON. */
import { type ChildProcessWithoutNullStreams, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'

/** Runs a program to its end; gives the JSON on its stdout. Rejects when it fails, with what it said about that. */
export async function runJson<T>(program: string, args: readonly string[]): Promise<T> {
  const { stdout } = await promisify(execFile)(program, args, { maxBuffer: 1 << 26 })
  return JSON.parse(stdout)
}

/** A program that talks with us, one JSON a line. Disposing of it ends it. */
export class Talker implements AsyncDisposable {
  readonly #process: ChildProcessWithoutNullStreams
  readonly #lines: AsyncIterator<string>
  readonly #closed: Promise<unknown>
  #complaint = ''

  constructor(program: string, args: readonly string[]) {
    this.#process = spawn(program, args)
    this.#closed = once(this.#process, 'close')
    this.#process.stderr.on('data', (data) => {
      this.#complaint += data
    })
    // Writing to a program that has died fails; what it complained of says more.
    this.#process.stdin.on('error', () => {})
    this.#lines = createInterface(this.#process.stdout)[Symbol.asyncIterator]()
  }

  get pid(): number {
    return this.#process.pid ?? 0
  }

  /** The next thing it says. */
  async hear<T>(): Promise<T> {
    const { value, done } = await this.#lines.next()
    if (done) throw new Error(`${this.#process.spawnargs.join(' ')} fell silent: ${this.#complaint.trim()}`)
    return JSON.parse(value)
  }

  say(line: string): void {
    this.#process.stdin.write(`${line}\n`)
  }

  /** Closes its stdin and waits until it has ended. */
  async dismiss(): Promise<void> {
    this.#process.stdin.end()
    await this.#closed
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.kill('SIGTERM')
    await this.#closed
  }
}

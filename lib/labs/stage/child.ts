/** A process inside a namespace, which prints a JSON object a line. */
import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { C1mError } from '../../base/errors.js'
import { type Counters, readCounters } from '../../host/counters.js'
import { environment } from './command.js'

/** A line of stdout. */
export type Line = Readonly<Record<string, unknown>>

export class Child {
  readonly pid: number
  /** Resolves when it has ended, however. */
  readonly ended: Promise<unknown>
  readonly #process: ChildProcess
  readonly #argv: readonly string[]
  readonly #onLine: (line: Line) => void
  readonly #complaint: Promise<string>
  readonly #waiting = new Set<(line: Line) => void>()
  #lastLine: Line | undefined

  /** @param onLine sees every line as it comes */
  constructor(argv: readonly string[], onLine: (line: Line) => void = () => {}) {
    const [file = '', ...args] = argv
    this.#argv = argv
    this.#onLine = onLine
    this.#process = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'], env: environment() })
    this.pid = this.#process.pid ?? 0
    const { stdout, stderr } = this.#process as ChildProcess &
      Record<'stdout' | 'stderr', NodeJS.ReadableStream>
    createInterface({ input: stdout }).on('line', (json) => this.#take(JSON.parse(json) as Line))
    this.#complaint = text(stderr)
    this.ended = new Promise((resolve) => this.#process.once('close', resolve).once('error', resolve))
  }

  /**
   * Resolves with the first line to come of which `wanted` holds.
   * @throws C1mError C1M_LAB_FAILED when it ended without
   */
  async until(wanted: (line: Line) => boolean): Promise<Line> {
    let found: Line | undefined
    const line = new Promise<void>((resolve) => {
      const look = (candidate: Line) => {
        if (!wanted(candidate)) return
        found = candidate
        this.#waiting.delete(look)
        resolve()
      }
      this.#waiting.add(look)
    })
    await Promise.race([line, this.ended])
    return found ?? (await this.#fail())
  }

  /**
   * The result it printed as its last line, once it has ended.
   * @throws C1mError C1M_LAB_FAILED when it printed none
   */
  async result<Result>(): Promise<Result> {
    await this.ended
    const line = this.#lastLine
    return (line && 'schema' in line ? line : await this.#fail()) as Result
  }

  /** Asks it to end and to report. */
  stop(): void {
    this.signal('SIGINT')
  }

  signal(name: NodeJS.Signals): void {
    this.#process.kill(name)
  }

  /** The network counters of its namespace; none once it has ended. */
  counters(): Counters {
    return readCounters({ procRoot: `/proc/${this.pid}` })
  }

  #take(line: Line): void {
    this.#lastLine = line
    this.#onLine(line)
    for (const look of this.#waiting) look(line)
  }

  async #fail(): Promise<never> {
    const reason = (await this.#complaint).trim().split('\n').at(-1) ?? ''
    const command = this.#argv.join(' ')
    throw new C1mError('C1M_LAB_FAILED', `'${command}' ended early${reason === '' ? '' : `: ${reason}`}`, {
      hint: 'c1m-native lab list tells what each lab needs.'
    })
  }
}

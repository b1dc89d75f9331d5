/** A process inside a namespace that prints JSON, one object per line. */
import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { C1mError } from '../../base/errors.js'
import type { Counters } from '../../host/counter_files.js'
import { readCounters } from '../../host/counters.js'
import { environment } from './external_command.js'

/** A line of stdout. */
export type Line = Readonly<Record<string, unknown>>

export class Child {
  /** Short name of the namespace it runs in. */
  readonly namespace: string
  readonly pid: number
  /** Resolves when the process has ended, for whatever reason. */
  readonly ended: Promise<unknown>
  readonly #process: ChildProcess
  readonly #argv: readonly string[]
  readonly #onLine: (line: Line) => void
  readonly #stderr: Promise<string>
  readonly #waiting = new Set<(line: Line) => void>()
  #lastLine: Line | undefined

  /**
   * @param argv enters the namespace, then starts the program
   * @param onLine is called with each line as it arrives
   */
  constructor(namespace: string, argv: readonly string[], onLine: (line: Line) => void = () => {}) {
    const [file = '', ...args] = argv
    this.namespace = namespace
    this.#argv = argv
    this.#onLine = onLine
    this.#process = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'], env: environment() })
    this.pid = this.#process.pid ?? 0
    const { stdout, stderr } = this.#process as ChildProcess &
      Record<'stdout' | 'stderr', NodeJS.ReadableStream>
    createInterface({ input: stdout }).on('line', (json) => this.#take(JSON.parse(json) as Line))
    this.#stderr = text(stderr)
    this.ended = new Promise((resolve) => this.#process.once('close', resolve).once('error', resolve))
  }

  /**
   * Resolves with the next line for which `wanted` is true.
   * @throws C1mError C1M_LAB_FAILED when the process ends before such a line
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
   * The result that the process printed as its last line, once it has ended.
   * @throws C1mError C1M_LAB_FAILED when it printed no result
   */
  async result<Result>(): Promise<Result> {
    await this.ended
    const line = this.#lastLine
    return (line && 'schema' in line ? line : await this.#fail()) as Result
  }

  /** Asks a c1m-native process to end and print its result. */
  stop(): void {
    this.signal('SIGINT')
  }

  signal(name: NodeJS.Signals): void {
    this.#process.kill(name)
  }

  /** The network counters of its namespace; empty once the process has ended. */
  counters(): Counters {
    return readCounters({ procRoot: `/proc/${this.pid}` })
  }

  #take(line: Line): void {
    this.#lastLine = line
    this.#onLine(line)
    for (const look of this.#waiting) look(line)
  }

  async #fail(): Promise<never> {
    const reason = (await this.#stderr).trim().split('\n').at(-1) ?? ''
    const command = this.#argv.join(' ')
    throw new C1mError('C1M_LAB_FAILED', `'${command}' ended early${reason === '' ? '' : `: ${reason}`}`, {
      hint: 'c1m-native lab list shows what each lab needs.'
    })
  }
}

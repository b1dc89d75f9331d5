/** Where a run's output goes, by the output options: data to stdout and a file, progress to stderr. */
import type { Paint } from '../report/paint.js'
import { usageError } from './parse_options.js'
import { Progress } from './progress.js'
import { ResultFile } from './result_file.js'
import { Stdout } from './stdout.js'
import { hasColor, isLive, painter, widthOf } from './terminal.js'

/** The values of tables/output.ts. */
export interface OutputValues {
  readonly json?: boolean
  readonly ndjson?: boolean
  readonly out?: string
  readonly quiet?: boolean
  readonly color?: boolean
}

/** Makes a report for a terminal of so many columns. */
type Render = (paint: Paint, width: number) => string | Promise<string>

/** Names for stdout that --out understands. */
const stdoutNames = new Set(['-', '/dev/stdout'])

export class Reporter implements Disposable {
  readonly #stdout = new Stdout()
  readonly #format: 'text' | 'json' | 'ndjson'
  readonly #file: ResultFile | undefined
  readonly #progress: Progress | undefined
  readonly #paint: Paint
  /** How often to look at the run, in milliseconds; undefined when nobody wants to see it. */
  readonly everyMs: number | undefined
  /** Aborted when the run has lost its purpose: the reader of its stream has gone, and there is no file. */
  readonly unwatched: AbortSignal

  /** @throws C1mError C1M_USAGE, C1M_OUTPUT_FAILED: what can't be written must not cost a run */
  constructor({ json, ndjson, out, quiet, color }: OutputValues) {
    if (json && ndjson)
      throw usageError(
        '--json and --ndjson exclude each other',
        'Choose one; the last line of --ndjson is what --json prints.'
      )
    const toStdout = out !== undefined && stdoutNames.has(out)
    this.#format = ndjson ? 'ndjson' : json || toStdout ? 'json' : 'text'
    this.#file = out === undefined || toStdout ? undefined : ResultFile.check(out)
    this.#paint = painter(hasColor(process.stdout, color))
    const live = isLive(process.stderr)
    // Both streams on one terminal: the snapshots are progress enough, and would be overwritten.
    const shared = ndjson && process.stdout.isTTY && live
    this.#progress = quiet || shared ? undefined : new Progress(process.stderr, live)
    this.everyMs = ndjson ? 250 : this.#progress ? (live ? 125 : 1000) : undefined
    this.unwatched = ndjson && !this.#file ? this.#stdout.readerGone : new AbortController().signal
  }

  /** A line of --ndjson before or during the run; nothing in the other formats. */
  async line(data: object): Promise<void> {
    if (this.#format === 'ndjson') await this.#stdout.write(`${JSON.stringify(data)}\n`)
  }

  /** @param text gets the columns there are for it */
  progress(text: (room: number) => string): void {
    this.#progress?.show(text)
  }

  /** Something worth a line of its own while the run lasts. */
  note(text: string): void {
    this.#progress?.line(text)
  }

  /** A part of the text that is known before the end; nothing in the other formats. */
  async part(text: Render): Promise<void> {
    this.#progress?.clear()
    if (this.#format === 'text') await this.#stdout.write(await this.#text(text))
  }

  /**
   * The end of the run: `result` to the file, if there is one, then to stdout where JSON is wanted, where it is not `text`.
   * @param shown what goes to stdout before
   * @param interrupted when it is aborted, a file that is a FIFO does not wait for a reader
   * @throws C1mError C1M_OUTPUT_FAILED, once all that can be written is
   */
  async result(
    result: object,
    text: Render,
    shown: Promise<void> = Promise.resolve(),
    interrupted?: AbortSignal
  ): Promise<void> {
    // First, because the reader of stdout may keep us waiting for ever.
    const written = this.#file?.write(indented(result), !interrupted?.aborted)
    const told = shown.then(async () => {
      this.#progress?.clear()
      await this.#stdout.write(await this.#rendered(result, text))
    })
    const outcomes = await Promise.allSettled([written, told])
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
  }

  async #rendered(result: object, text: Render): Promise<string> {
    if (this.#format !== 'text')
      return this.#format === 'json' ? indented(result) : `${JSON.stringify(result)}\n`
    try {
      return await this.#text(text)
    } catch (error) {
      // The renderer is loaded now, for which the host may have no open file to spare; JSON takes nothing.
      const { message } = error as Error
      process.stderr.write(
        `c1m-native: the report cannot be shown as text (${message}); here it is as JSON.\n`
      )
      return indented(result)
    }
  }

  async #text(render: Render): Promise<string> {
    return await render(this.#paint, widthOf(process.stdout))
  }

  [Symbol.dispose](): void {
    this.#progress?.clear()
  }
}

/** An array of numbers, as `JSON.stringify` indents it; a string holds no line break. */
const numbersInLines = /\[\n\s+(-?[\d.e+-]+(?:,\n\s+-?[\d.e+-]+)*)\n\s+\]/g

/** Indented JSON, with each array of numbers on one line: a histogram has hundreds. */
function indented(data: object): string {
  const text = JSON.stringify(data, null, 2)
  return `${text.replace(numbersInLines, (_, numbers: string) => `[${numbers.replace(/\s+/g, ' ')}]`)}\n`
}

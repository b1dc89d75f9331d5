/** A few lines on a terminal, redrawn in place. */
import { cut } from '../report/layout.js'
import type { TerminalStream } from './terminal.js'

export class LiveView {
  readonly #stream: TerminalStream & { readonly rows?: number }
  #drawn = 0

  constructor(stream: TerminalStream & { readonly rows?: number }) {
    this.#stream = stream
  }

  /** Replaces what was shown before. What has no room is cut. */
  show(lines: readonly string[]): void {
    // A size of 0 is a terminal that does not know it. A line that wraps would count as two.
    const columns = (this.#stream.columns || 80) - 1
    const rows = Math.max(1, (this.#stream.rows || 24) - 1)
    const fitting = lines.slice(0, rows).map((line) => cut(line, columns))
    this.#stream.write(`${this.#home()}${fitting.join('\n')}\n`)
    this.#drawn = fitting.length
  }

  /** Takes it off the terminal. */
  clear(): void {
    if (this.#drawn > 0) this.#stream.write(this.#home())
    this.#drawn = 0
  }

  /** Up to the first line, and nothing below. */
  #home(): string {
    return this.#drawn > 0 ? `\u001b[${this.#drawn}A\r\u001b[0J` : ''
  }
}

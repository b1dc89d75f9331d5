/** A few lines on a terminal, redrawn in place. */
import { cut } from '../report/paint.js'
import type { TerminalStream } from './terminal.js'

export class LiveView {
  readonly #stream: TerminalStream & { readonly rows?: number }
  #drawn = 0

  constructor(stream: TerminalStream & { readonly rows?: number }) {
    this.#stream = stream
  }

  /** Columns there are for a line: a size of 0 is a terminal that does not know it. */
  get width(): number {
    return (this.#stream.columns || 80) - 1
  }

  /** Replaces what was shown before. A line that is too long is cut, because one that wraps counts as two. */
  show(lines: readonly string[]): void {
    const rows = Math.max(1, (this.#stream.rows || 24) - 1)
    const left = lines.length - rows
    const shown =
      left > 0 ? [...lines.slice(0, rows - 1), `(${left + 1} more lines, for which there is no room)`] : lines
    const fitting = shown.map((line) => cut(line, this.width))
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

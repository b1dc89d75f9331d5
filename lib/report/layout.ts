/** How a report for a person is laid out: rows, columns, lists, wrapped text, style. Pure. */
import { stripVTControlCharacters } from 'node:util'
import { formatNumber } from '../base/units.js'

/** How a part of the report looks. */
export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow'

/** Styles a text, or leaves it alone. */
export type Paint = (style: Style, text: string) => string

/** Leaves every text alone. */
export const plain: Paint = (_, text) => text

/** A label and the lines beside it. Without lines, the label is left out. */
export type Section = readonly [label: string, lines: readonly string[]]

/** The lines as one text, which ends in a newline. */
export function page(lines: readonly string[]): string {
  return `${lines.join('\n')}\n`
}

/** The first line of a report: how it went, in words and in colour. */
export function headline(style: Style, text: string, paint: Paint): string {
  return paint('bold', paint(style, text))
}

/** Sections below each other, their lines beside the labels. */
export function sectionLines(sections: readonly Section[], paint: Paint): string[] {
  const width = Math.max(...sections.map(([label]) => label.length)) + 2
  return sections.flatMap(([label, lines]) =>
    lines.map((line, i) => `${paint('dim', (i === 0 ? label : '').padEnd(width))}${line}`)
  )
}

/** A paragraph with a title of its own, set off by an empty line; nothing without lines. */
export function paragraph(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['', title, ...indented(lines)]
}

/** How columns are set. */
export interface ColumnOptions {
  /** Columns, from 0, whose cells align at the right, as numbers do. Default: none. */
  right?: readonly number[]
  /** Blanks between columns. Default 2. */
  gap?: number
}

/** Rows with the cells of each column padded to one width. */
export function columns(
  rows: readonly (readonly string[])[],
  { right = [], gap = 2 }: ColumnOptions = {}
): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows.map((row) =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0
        return right.includes(column) ? cell.padStart(width) : cell.padEnd(width)
      })
      .join(' '.repeat(gap))
      .trimEnd()
  )
}

/** A table whose columns hold numbers, but for the first, which names the row, and the last, which remarks on it. */
export function figureTable(rows: readonly (readonly string[])[]): string[] {
  const between = (rows[0] ?? []).map((_, column) => column).slice(1, -1)
  return columns(rows, { right: between })
}

/** The lines two blanks further to the right. */
export function indented(lines: readonly string[]): string[] {
  return lines.map((line) => `  ${line}`)
}

/** Lines for the first `most` items and how many more there are; a line that would only say "1 more" is an item's. */
export function capped<T>(
  items: readonly T[],
  most: number,
  linesOf: (shown: readonly T[]) => string[]
): string[] {
  if (items.length <= most + 1) return linesOf(items)
  return [...linesOf(items.slice(0, most)), `and ${formatNumber(items.length - most)} more`]
}

/** The first `most` items in one line, and how many more there are. */
export function listed(items: readonly string[], most: number): string {
  const named = items.slice(0, most).join(', ')
  return items.length > most ? `${named} and ${formatNumber(items.length - most)} more` : named
}

/** `1 port`, `2 ports`, `1,000 addresses`. */
export function plural(count: number, noun: string, ending = 's'): string {
  return `${formatNumber(count)} ${noun}${count === 1 ? '' : ending}`
}

/** A figure or a word; `unknown` for null. */
export function known(value: number | string | null): string {
  return value === null ? 'unknown' : typeof value === 'number' ? formatNumber(value) : value
}

/** A text in lines of at most `width` characters, unless a word is longer. */
export function wrapped(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line)
      line = word
    } else {
      line = line === '' ? word : `${line} ${word}`
    }
  }
  return [...lines, line]
}

/** A text that begins at `column`, beside what it explains, or below where that reaches as far. */
export function beside(explained: string, text: string, column: number, width: number): string[] {
  const blank = ' '.repeat(column)
  const [first = '', ...rest] = wrapped(text, width - column)
  const beginning =
    explained.length < column - 1 ? [explained.padEnd(column) + first] : [explained, blank + first]
  return [...beginning, ...rest.map((line) => blank + line)]
}

/** A line that fits into `width` columns. Colour takes none, and is lost where a line is cut: half a style would run on. */
export function cut(line: string, width: number): string {
  const text = stripVTControlCharacters(line)
  return text.length <= width ? line : text.slice(0, width)
}

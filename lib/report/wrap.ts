/** Text in lines that fit a terminal, broken between words. Pure. */
import { stripVTControlCharacters } from 'node:util'
import type { Paint, Style } from './paint.js'

/** No bound: each line as long as it gets. */
export const unbounded = Number.POSITIVE_INFINITY

/** Columns that a text takes on a terminal. Colour takes none. */
export function lengthOf(text: string): number {
  return stripVTControlCharacters(text).length
}

/** A text in lines of at most `width` characters, unless a word is longer; all but the first are indented by `hang`. */
export function wrapped(text: string, width: number, hang = 0): string[] {
  return hung(filled(text.split(' '), width, hang), hang)
}

/** A line of figures in lines of at most `width` characters: broken after a comma or a semicolon where that suffices. */
export function folded(line: string, width: number, hang = 2): string[] {
  const clauses = line.split(/(?<=[,;]) /)
  const fit = clauses.every((clause) => lengthOf(clause) <= width - hang)
  return fit ? hung(filled(clauses, width, hang), hang) : wrapped(line, width, hang)
}

/** Pieces that stay whole, with a blank between them, in as few lines as hold them. */
export function joined(pieces: readonly string[], width: number): string[] {
  return filled(pieces, width, 0)
}

/** A text of which each part has its style, or none, wrapped like {@link wrapped}: a style ends where a line does. */
export function wrappedStyles(
  parts: readonly (readonly [style: Style | null, text: string])[],
  width: number,
  hang: number,
  paint: Paint
): string[] {
  const text = parts.map(([, part]) => part).join('')
  let offset = 0
  return filled(text.split(' '), width, hang).map((line, i) => {
    const from = offset
    // A break has taken the place of a blank.
    offset += line.length + 1
    let begin = 0
    const styled = parts.map(([style, part]) => {
      const shown = part.slice(Math.max(0, from - begin), Math.max(0, from + line.length - begin))
      begin += part.length
      return style === null || shown === '' ? shown : paint(style, shown)
    })
    return (i === 0 ? '' : ' '.repeat(hang)) + styled.join('')
  })
}

function hung(lines: readonly string[], hang: number): string[] {
  return lines.map((line, i) => (i === 0 ? line : ' '.repeat(hang) + line))
}

/** The pieces, with a blank between them, in as few lines as hold them; all but the first have `hang` columns less. */
function filled(pieces: readonly string[], width: number, hang: number): string[] {
  const lines: string[] = []
  let line: string | undefined
  for (const piece of pieces) {
    const room = lines.length === 0 ? width : width - hang
    if (line !== undefined && lengthOf(line) + 1 + lengthOf(piece) > room) {
      lines.push(line)
      line = piece
    } else {
      line = line === undefined ? piece : `${line} ${piece}`
    }
  }
  return [...lines, line ?? '']
}

/** A text that begins at `column`, beside what it explains, or below where that reaches as far. */
export function beside(explained: string, text: string, column: number, width: number): string[] {
  const blank = ' '.repeat(column)
  const [first = '', ...rest] = wrapped(text, width - column)
  const beginning =
    explained.length < column - 1 ? [explained.padEnd(column) + first] : [explained, blank + first]
  return [...beginning, ...rest.map((line) => blank + line)]
}

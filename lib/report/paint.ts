/** How text looks on a terminal: its style, and what fits a line. Pure. */
import { stripVTControlCharacters } from 'node:util'

/** How a part of the report looks. */
export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow'

/** Styles a text, or leaves it alone. */
export type Paint = (style: Style, text: string) => string

/** Leaves every text alone. */
export const plain: Paint = (_, text) => text

/**
 * A line that fits into `width` columns, which ends with a word. Colour takes none, and is lost where a line is cut: half a
 * style would run on.
 */
export function cut(line: string, width: number): string {
  const text = stripVTControlCharacters(line)
  if (text.length <= width) return line
  const end = text.lastIndexOf(' ', width)
  return end <= 0 ? text.slice(0, width) : text.slice(0, end).replace(/[\s,;:]+$/, '')
}

/** How a report for a person is laid out: sections, paragraphs, lists, numbers. Pure. */
import { formatNumber } from '../base/units.js'
import type { Paint, Style } from './paint.js'
import { folded, unbounded, wrapped } from './wrap.js'

/**
 * A label and the lines beside it. Without lines, the label is left out. Lines that are too long are folded; a table is a
 * function, which gets the columns there are beside the label.
 */
export type Section = readonly [
  label: string,
  lines: readonly string[] | ((width: number) => readonly string[])
]

/** The lines as one text, which ends in a newline. */
export function page(lines: readonly string[]): string {
  return `${lines.join('\n')}\n`
}

/** The first line of a report, or as many as it takes: how it went, in words and in colour. */
export function headline(style: Style, text: string, paint: Paint, width: number): string[] {
  return wrapped(text, width).map((line) => paint('bold', paint(style, line)))
}

/** Sections below each other, their lines beside the labels. */
export function sectionLines(sections: readonly Section[], paint: Paint, width = unbounded): string[] {
  const beside = Math.max(...sections.map(([label]) => label.length)) + 2
  const room = width - beside
  return sections.flatMap(([label, lines]) =>
    (typeof lines === 'function' ? lines(room) : lines.flatMap((line) => folded(line, room))).map(
      (line, i) => `${paint('dim', (i === 0 ? label : '').padEnd(beside))}${line}`
    )
  )
}

/** A paragraph with a title of its own, set off by an empty line; nothing without lines. */
export function paragraph(title: string, lines: readonly string[], width = unbounded): string[] {
  if (lines.length === 0) return []
  return ['', title, ...indentedText(lines, width)]
}

/** Sentences two blanks further to the right, each wrapped. */
export function indentedText(sentences: readonly string[], width = unbounded): string[] {
  return indented(sentences.flatMap((sentence) => wrapped(sentence, width - 2, 2)))
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

/** The least and the most of some figures: `7`, or `3 to 17`. */
export function span(figures: readonly number[]): string {
  const [least, most] = [Math.min(...figures), Math.max(...figures)]
  return least === most ? formatNumber(most) : `${formatNumber(least)} to ${formatNumber(most)}`
}

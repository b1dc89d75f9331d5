/** What may be done to a stream: colour, and redrawing a line in place. */
import { styleText } from 'node:util'
import { type Paint, plain } from '../report/paint.js'

/** The part of a writable stream that decides about colour. */
export interface TerminalStream {
  readonly isTTY?: boolean
  readonly columns?: number
  write(text: string): unknown
}

/** A report is no narrower, however small the window: what is wider overflows. */
const leastWidth = 40

type Environment = Readonly<Record<string, string | undefined>>

/**
 * Whether to colour what goes to `stream`. `wanted` is --color / --no-color; without it a terminal gets colour unless
 * NO_COLOR is set to anything (https://no-color.org) or TERM is `dumb`.
 */
export function hasColor(
  stream: TerminalStream,
  wanted: boolean | undefined,
  env: Environment = process.env
): boolean {
  if (wanted !== undefined) return wanted
  return stream.isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb'
}

/** Columns for a report on `stream`: those of a terminal, else 80. A width of 0 is a terminal that does not know it. */
export function widthOf({ isTTY, columns }: TerminalStream): number {
  return Math.max(leastWidth, (isTTY && columns) || 80)
}

/** Whether a line of `stream` can be redrawn in place. */
export function isLive(stream: TerminalStream, env: Environment = process.env): boolean {
  return stream.isTTY === true && env.TERM !== 'dumb'
}

export function painter(color: boolean): Paint {
  // The decision is made above, for the stream in question: styleText must not make its own.
  return color ? (style, text) => styleText(style, text, { validateStream: false }) : plain
}

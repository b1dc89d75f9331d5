/** Tables in columns. One that is too wide folds: the columns without room go below their row. Pure. */
import { folded, lengthOf, unbounded, wrapped } from './wrap.js'

type Row = readonly string[]

/** How columns are set. */
export interface ColumnOptions {
  /** Columns, from 0, whose cells align at the right, as numbers do. Default: none. */
  right?: readonly number[]
  /** Blanks between columns. Default 2. */
  gap?: number
  /** What a line may take. Default: as much as it gets. */
  width?: number
  /** The last column is text that may be wrapped. Default false. */
  prose?: boolean
}

/** A last column is wrapped beside the others when it has this much room; with less it goes below. */
const leastProse = 24

/** What does not fit beside the others is this much further to the right, below them. */
const further = 4

/** Rows with the cells of each column padded to one width. */
export function columns(rows: readonly Row[], options: ColumnOptions = {}): string[] {
  return blocks(rows, options).flat()
}

/** A table whose columns hold numbers, but for the first, which names the row, and the last, which remarks on it. */
export function figureTable(
  rows: readonly Row[],
  options: Pick<ColumnOptions, 'width' | 'prose'> = {}
): string[] {
  const between = (rows[0] ?? []).map((_, column) => column).slice(1, -1)
  return columns(rows, { right: between, ...options })
}

/** The lines of each row. */
function blocks(rows: readonly Row[], options: ColumnOptions): string[][] {
  const { right = [], gap = 2, width = unbounded, prose = false } = options
  const count = Math.max(0, ...rows.map(({ length }) => length))
  const widths = Array.from({ length: count }, (_, column) =>
    Math.max(...rows.map((row) => lengthOf(row[column] ?? '')))
  )
  const taken = (columns: number) =>
    widths.slice(0, columns).reduce((sum, each) => sum + each, 0) + gap * Math.max(0, columns - 1)
  const line = (row: Row) =>
    row.map((cell, column) => padded(cell, widths[column] ?? 0, right.includes(column))).join(' '.repeat(gap))

  if (taken(count) <= width) return rows.map((row) => [line(row).trimEnd()])
  const column = taken(count - 1) + gap
  if (prose && count > 1 && width - column >= leastProse) {
    const blank = ' '.repeat(column)
    return rows.map((row) => {
      const [first = '', ...rest] = folded(row[count - 1] ?? '', width - column, 0)
      const before = line(row.slice(0, count - 1))
      return [`${before.padEnd(before.length + gap)}${first}`.trimEnd(), ...rest.map((text) => blank + text)]
    })
  }
  if (count === 1) return rows.map(([cell = '']) => wrapped(cell, width, 2))
  return split(
    rows,
    options,
    Math.max(
      1,
      widths.findIndex((_, column) => taken(column + 1) > width)
    )
  )
}

/** The first `fitting` columns, and the others below. */
function split(rows: readonly Row[], options: ColumnOptions, fitting: number): string[][] {
  const { right = [], width = unbounded } = options
  const above = blocks(
    rows.map((row) => row.slice(0, fitting)),
    { ...options, prose: false }
  )
  const below = blocks(
    rows.map((row) => row.slice(fitting)),
    { ...options, width: width - further, right: right.map((column) => column - fitting) }
  )
  return rows.map((_, i) => [
    ...(above[i] ?? []),
    ...(below[i] ?? []).flatMap((text) => (text === '' ? [] : ' '.repeat(further) + text))
  ])
}

function padded(cell: string, width: number, atRight: boolean): string {
  const blank = ' '.repeat(Math.max(0, width - lengthOf(cell)))
  return atRight ? blank + cell : cell + blank
}

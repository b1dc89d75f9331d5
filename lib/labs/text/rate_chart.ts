/** Rates over time as a small chart of block characters. Pure. */
import { approximateCount } from '../../base/units.js'
import { wrapped } from '../../report/wrap.js'
import type { Curve } from '../verdict/lab_result.js'

/** One curve with the caption below it. */
interface Panel {
  readonly caption: string
  readonly curve: Curve
}

interface ChartSize {
  /** Columns for the curves of all panels together, without the scale and the lines between panels. */
  readonly columns: number
  readonly rows: number
}

const blocks = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█']

/**
 * Draws the panels side by side on one logarithmic scale, which still shows a rate that falls to a hundredth. A second is
 * as wide in every panel, as far as the captions leave room.
 */
export function drawChart(panels: readonly Panel[], { columns, rows }: ChartSize): string[] {
  const top = Math.max(10, ...panels.flatMap(({ curve }) => curve.perSecond))
  const widths = panelWidths(panels, columns)
  const bars = panels.map(({ curve }, index) => resample(curve, widths[index] ?? 0))
  const height = (rate: number) => (rate < 1 ? 0 : Math.max(1 / 8, (Math.log(rate) / Math.log(top)) * rows))
  const lines = Array.from({ length: rows }, (_, row) => {
    const floor = rows - 1 - row
    const cells = bars.map((rates) => rates.map((rate) => block(height(rate) - floor)).join(''))
    return `${scaleLabel((floor + 1) / rows, top)} │${cells.join('│')}`
  })
  return [...lines.map((line) => line.trimEnd()), ...captionLines(panels, widths)]
}

const labelWidth = 6

/** Columns of the scale, with the blank and the line beside it. */
export const chartScale = labelWidth + 2

/** Below each panel its caption, in several lines where the panel is narrow. */
function captionLines(panels: readonly Panel[], widths: readonly number[]): string[] {
  const captions = panels.map(({ caption }, index) => wrapped(caption, widths[index] ?? 0))
  return Array.from({ length: Math.max(1, ...captions.map(({ length }) => length)) }, (_, row) => {
    const cells = captions.map((lines, index) => (lines[row] ?? '').padEnd(widths[index] ?? 0))
    return `${' '.repeat(chartScale)}${cells.join(' ')}`.trimEnd()
  })
}

/** The value at the upper edge of a row. */
function scaleLabel(height: number, top: number): string {
  const value = top ** height
  return approximateCount(Number(value.toPrecision(value < 100 ? 1 : 2))).padStart(labelWidth)
}

function block(filled: number): string {
  const eighths = Math.round(Math.min(1, Math.max(0, filled)) * 8)
  return blocks[filled > 0 ? Math.max(1, eighths) : 0] ?? ' '
}

/** Proportional to the duration, but at least as wide as the caption, or as its longest word where not all fit. */
function panelWidths(panels: readonly Panel[], columns: number): number[] {
  const durations = panels.map(({ curve }) => curve.perSecond.length * curve.everySeconds)
  const total = durations.reduce((sum, duration) => sum + duration, 0)
  const whole = panels.map(({ caption }) => caption.length)
  const fits = whole.reduce((sum, width) => sum + width, 0) <= columns
  const wanted = fits
    ? whole
    : panels.map(({ caption }) => Math.max(...caption.split(' ').map((word) => word.length)))
  const spare = Math.max(0, columns - wanted.reduce((sum, width) => sum + width, 0))
  return panels.map((_, index) => {
    const share = total === 0 ? 0 : (durations[index] ?? 0) / total
    return (wanted[index] ?? 0) + Math.floor(spare * share)
  })
}

/** The curve in `width` columns. When there are more intervals than columns, a column is the mean of several. */
function resample({ perSecond }: Curve, width: number): number[] {
  return Array.from({ length: width }, (_, column) => {
    const from = (column * perSecond.length) / width
    const part = perSecond.slice(
      Math.floor(from),
      Math.max(Math.floor(from) + 1, Math.floor(from + perSecond.length / width))
    )
    return part.length === 0 ? 0 : part.reduce((sum, rate) => sum + rate, 0) / part.length
  })
}

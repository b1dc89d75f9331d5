/** Horizontal bars in groups, each with the span of its middle half. */
import { at, type Colour, colours, label, line, margin, picture, short, width } from './svg.js'

export interface Bar {
  name: string
  colour: Colour
  median: number
  p25: number
  p75: number
}

export interface BarGroup {
  heading: string
  bars: readonly Bar[]
}

const labelWidth = 170
const barHeight = 18
const step = 26
/** Room for the number behind the longest bar. */
const valueWidth = 70

export function barChart(title: string, groups: readonly BarGroup[], footer: readonly string[]): string {
  const most = Math.max(...groups.flatMap(({ bars }) => bars.map(({ p75 }) => p75)))
  const scale = (width - 2 * margin - labelWidth - valueWidth) / most
  const left = margin + labelWidth
  const body: string[] = []
  let y = 52
  for (const { heading, bars } of groups) {
    y += 14
    body.push(label(margin, y, heading, 'group'))
    y += 10
    for (const { name, colour, median, p25, p75 } of bars) {
      const middle = y + barHeight / 2
      body.push(
        label(left - 10, middle + 4.5, name, 'end'),
        `<rect x="${at(left)}" y="${at(y)}" width="${at(median * scale)}" height="${barHeight}" rx="2" fill="${colours[colour]}"/>`,
        line(left + p25 * scale, middle, left + p75 * scale, middle, 'spread'),
        label(left + Math.max(median, p75) * scale + 8, middle + 4.5, short(median))
      )
      y += step
    }
    y += 8
  }
  return picture(title, y, body, footer)
}

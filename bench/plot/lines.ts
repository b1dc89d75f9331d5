/** Lines over a common x, each with a band of its middle half. */
import { at, type Colour, colours, label, line, margin, picture, short, width } from './svg.js'

export interface Line {
  name: string
  colour: Colour
  points: readonly { x: number; y: number; p25: number; p75: number }[]
}

const plotTop = 84
const plotHeight = 240
const left = margin + 48
const right = width - margin

export function lineChart(
  title: string,
  xTitle: string,
  lines: readonly Line[],
  footer: readonly string[]
): string {
  const points = lines.flatMap(({ points }) => points)
  const [xTicks, yTicks] = [
    ticks(Math.max(...points.map(({ x }) => x))),
    ticks(Math.max(...points.map(({ p75 }) => p75)))
  ]
  const bottom = plotTop + plotHeight
  const x = (value: number) => left + (value / (xTicks.at(-1) ?? 1)) * (right - left)
  const y = (value: number) => bottom - (value / (yTicks.at(-1) ?? 1)) * plotHeight
  const grid = yTicks.flatMap((tick) => [
    line(left, y(tick), right, y(tick), 'grid'),
    label(left - 8, y(tick) + 4, short(tick), 'end')
  ])
  const axis = xTicks.map((tick) => label(x(tick), bottom + 20, short(tick), 'middle'))
  const drawn = lines.flatMap(({ colour, points }) => {
    const band = [
      ...points.map((point) => `${at(x(point.x))},${at(y(point.p75))}`),
      ...points.toReversed().map((point) => `${at(x(point.x))},${at(y(point.p25))}`)
    ]
    const path = points.map((point) => `${at(x(point.x))},${at(y(point.y))}`)
    return [
      `<polygon points="${band.join(' ')}" fill="${colours[colour]}" fill-opacity="0.18"/>`,
      `<polyline points="${path.join(' ')}" fill="none" stroke="${colours[colour]}" stroke-width="2.5"/>`
    ]
  })
  const legend = lines.flatMap(({ name, colour }, i) => [
    `<rect x="${at(left + i * 170)}" y="52" width="18" height="10" rx="2" fill="${colours[colour]}"/>`,
    label(left + i * 170 + 26, 61.5, name)
  ])
  const body = [
    ...grid,
    ...axis,
    label((left + right) / 2, bottom + 40, xTitle, 'middle'),
    ...drawn,
    ...legend
  ]
  return picture(title, bottom + 44, body, footer)
}

/** Round numbers from 0 to at least `most`, four to eight of them. */
export function ticks(most: number): number[] {
  const magnitude = 10 ** Math.floor(Math.log10(most))
  const step = [0.2, 0.25, 0.5, 1, 2].map((n) => n * magnitude).find((n) => most / n <= 6) ?? magnitude
  return Array.from({ length: Math.ceil(most / step - 1e-9) + 1 }, (_, i) => i * step)
}

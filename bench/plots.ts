/** The pictures of a result. Pure functions of it. */
import { hostLine } from './host.js'
import { type Bar, type BarGroup, barChart } from './plot/bars.js'
import { lineChart } from './plot/lines.js'
import type { Colour } from './plot/svg.js'
import type { BenchResult, Figure, SuiteResult } from './result.js'

/** SVG by file name; what was not measured has no picture. */
export function plots(result: BenchResult): Record<string, string> {
  const footer = [
    hostLine(result.host),
    `c1m-native ${result.version}, ${result.date.slice(0, 10)}; medians of alternating runs, with the span of their middle half`
  ]
  const drawn: Record<string, string> = {}
  const connects = [
    ...groups(suite(result, 'connect-vs-net'), 'against one native listener'),
    ...groups(suite(result, 'connect-vs-bare'), 'both ends in one process')
  ]
  if (connects.length > 0) drawn.connect = barChart('Connections opened per second', connects, footer)
  const churned = groups(suite(result, 'churn'), '')
  if (churned.length > 0) {
    drawn.churn = barChart('Transactions per second: connect, exchange, close, replace', churned, footer)
  }
  const held = heldLines(suite(result, 'connect-vs-bare'))
  if (held.length > 0) {
    const title = 'Connections opened per second, by how many are held already'
    drawn['rate-vs-held'] = lineChart(title, 'connections held, both ends in one process', held, footer)
  }
  return drawn
}

function suite({ suites }: BenchResult, id: string): SuiteResult | undefined {
  return suites.find((suite) => suite.id === id)
}

/** The rates of a suite, grouped by what follows the contender's name: `c1m-native, 200,000`. */
function groups(suite: SuiteResult | undefined, circumstance: string): BarGroup[] {
  const grouped = new Map<string, Bar[]>()
  for (const figure of suite?.figures ?? []) {
    const [name, group, ...more] = figure.name.split(', ')
    if (figure.unit !== '/s' || !name || !group || more.length > 0) continue
    grouped.set(group, [...(grouped.get(group) ?? []), bar(name, figure)])
  }
  return [...grouped].map(([group, bars]) => ({
    heading: circumstance === '' ? group : `${group} connections, ${circumstance}`,
    bars
  }))
}

function bar(name: string, { median, p25, p75 }: Figure): Bar {
  return { name, colour: colourOf(name), median, p25, p75 }
}

function colourOf(name: string): Colour {
  if (name.startsWith('c1m-native')) return 'ours'
  if (name.startsWith('neper')) return 'neper'
  if (name.startsWith('one net')) return 'net'
  return name.includes('net process') ? 'nets' : 'bare'
}

/** Of the largest count only: the others are its beginning. */
function heldLines(suite: SuiteResult | undefined) {
  const curves = suite?.curves ?? []
  const most = Math.max(...curves.map(({ points }) => points.at(-1)?.x ?? 0))
  return curves
    .filter(({ points }) => points.at(-1)?.x === most)
    .map(({ name, points }) => {
      const contender = name.split(', ')[0] ?? name
      return { name: contender, colour: colourOf(contender), points }
    })
}

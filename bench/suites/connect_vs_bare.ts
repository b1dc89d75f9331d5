/** How much of what the kernel can do reaches the user: our engine beside a bare C loop that does the same work. */
import type { RunResult, SeriesPoint } from '../../lib/result.js'
import { formatNumber } from '../../lib/units.js'
import { type BareResult, dialOurs, Yardstick } from '../contenders.js'
import { alternate, witnessed } from '../pairs.js'
import type { Comparison, Figure } from '../result.js'
import { compare, figure } from '../stats.js'
import type { Suite } from '../suite.js'

/** A pair at a million takes half a minute. */
const plans = {
  quick: [{ connections: 50_000, pairs: 7 }],
  full: [
    { connections: 200_000, pairs: 15 },
    { connections: 1_000_000, pairs: 7 }
  ]
}

const goal = { bound: 'at least', value: 0.95 } as const
/** The first and the last so many connections of a run are also looked at alone. */
const mark = 100_000

export const connectVsBare: Suite = {
  id: 'connect-vs-bare',
  title: 'connects per second beside a bare C loop, both ends in one process',
  async run({ mode, progress }) {
    await using yardstick = await Yardstick.compile()
    const figures: Figure[] = []
    const comparisons: Comparison[] = []
    for (const { connections, pairs } of plans[mode]) {
      const count = formatNumber(connections)
      const { a: ours, b: bare } = await alternate(
        pairs,
        () => witnessed(connections, () => dialOurs(connections)),
        () => witnessed(connections, () => yardstick.dial(connections)),
        (pair) => progress(`${count} connections, pair ${pair + 1} of ${pairs}`)
      )
      const rates = [
        ours.map(({ timing }) => timing.connectsPerSecond),
        bare.map(({ connectsPerSecond }) => connectsPerSecond)
      ] as const
      const costs = [
        ours.map(({ process }) => (process.cpuSeconds / connections) * 1e6),
        bare.map(({ cpuSeconds }) => (cpuSeconds / connections) * 1e6)
      ] as const
      figures.push(
        figure(`c1m-native, ${count}`, '/s', rates[0]),
        figure(`bare C, ${count}`, '/s', rates[1]),
        figure(`c1m-native, ${count}, opened and closed`, 'us CPU/connection', costs[0]),
        figure(`bare C, ${count}, opened and closed`, 'us CPU/connection', costs[1])
      )
      comparisons.push(
        compare(`c1m-native / bare C, ${count}, rate`, ...rates, goal),
        compare(`c1m-native / bare C, ${count}, CPU per connection`, ...costs)
      )
      if (connections >= 10 * mark) comparisons.push(compareSlowdown(ours, bare))
    }
    return { figures, comparisons, notes }
  }
}

const notes = [
  'CPU per connection is that of both ends, over opening and closing; c1m-native without the start of Node.',
  'Each run is held against the kernel: Tcp.ActiveOpens and Tcp.PassiveOpens grew by at least its connections.'
]

/** The kernel slows down as its tables fill; what matters is whether we slow down more than it does. */
function compareSlowdown(ours: readonly RunResult[], bare: readonly BareResult[]): Comparison {
  return compare(
    'rate of the last 100,000 over that of the first, c1m-native / bare C',
    ours.map(({ series, timing, connections }) =>
      slowdown(series, timing.dialSeconds, connections.established)
    ),
    bare.map(
      ({
        firstHundredThousandPerSecond: first = Number.NaN,
        lastHundredThousandPerSecond: last = Number.NaN
      }) => last / first
    )
  )
}

function slowdown(series: readonly SeriesPoint[], endSeconds: number, connections: number): number {
  return reachedAt(series, mark) / (endSeconds - reachedAt(series, connections - mark))
}

/** When so many connections stood, linearly between two points of the series. */
function reachedAt(series: readonly SeriesPoint[], established: number): number {
  const next = series.findIndex((point) => point.established >= established)
  const after = series[next]
  if (!after) return Number.NaN
  const before = series[next - 1] ?? { tSeconds: 0, established: 0 }
  const share = (established - before.established) / (after.established - before.established)
  return before.tSeconds + share * (after.tSeconds - before.tSeconds)
}

/** How much of what the kernel can do reaches the user: our engine beside a bare C loop that does the same work. */

import { formatNumber } from '../../lib/base/units.js'
import type { SeriesPoint } from '../../lib/result/result.js'
import { dialBare, dialOurs, Yardstick } from '../contenders.js'
import { alternate, witnessed } from '../pairs.js'
import type { Comparison, Curve, Figure } from '../result.js'
import { compare, figure, median, quantile, rounded } from '../stats.js'
import type { Suite } from '../suite.js'

/** Pairs scatter by a tenth, so it takes this many to see a few hundredths; one at a million takes 15 seconds. */
const plans = {
  quick: [{ connections: 50_000, pairs: 4 }],
  full: [
    { connections: 15_000, pairs: 15 },
    { connections: 200_000, pairs: 31 },
    { connections: 1_000_000, pairs: 15 }
  ]
}

const goal = { bound: 'at least', value: 0.95 } as const
/** A run is also looked at in so many parts. */
const tenths = 10
/** Our series has a point every 50 ms, in which a smaller run is half over. */
const fewestForTenths = 100_000

export const connectVsBare: Suite = {
  title: 'connects per second beside a bare C loop, both ends in one process',
  async run({ mode, progress }) {
    await using yardstick = await Yardstick.compile('bare_dial')
    const figures: Figure[] = []
    const comparisons: Comparison[] = []
    const curves: Curve[] = []
    for (const { connections, pairs } of plans[mode]) {
      const count = formatNumber(connections)
      const { a: ours, b: bare } = await alternate(
        pairs,
        () => witnessed(connections, () => dialOurs(connections)),
        () => witnessed(connections, () => dialBare(yardstick, connections)),
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
      if (connections < fewestForTenths) continue
      const paces = [
        ours.map(({ series, timing, connections }) =>
          pace(series, timing.dialSeconds, connections.established)
        ),
        bare.map(({ tenthsSeconds }) => tenthRates(connections, tenthsSeconds))
      ] as const
      curves.push(
        tenthsCurve(`c1m-native, ${count}`, connections, paces[0]),
        tenthsCurve(`bare C, ${count}`, connections, paces[1])
      )
      comparisons.push(
        compare(
          `rate of the last tenth over that of the first, c1m-native / bare C, ${count}`,
          paces[0].map(slowdown),
          paces[1].map(slowdown),
          // A ratio of ratios of single seconds: below a million it says little.
          connections >= 1_000_000 ? goal : undefined
        )
      )
    }
    return { figures, comparisons, curves, notes }
  }
}

const notes = [
  'CPU per connection is that of both ends, over opening and closing; c1m-native without the start of Node.',
  'Each run is held against the kernel: Tcp.ActiveOpens and Tcp.PassiveOpens grew by at least its connections.'
]

/** The kernel slows down as its tables fill; what matters is whether we slow down more than it does. */
function slowdown(rates: readonly number[]): number {
  return (rates.at(-1) ?? Number.NaN) / (rates[0] ?? Number.NaN)
}

/** Rate of each tenth of a run, from its series. */
function pace(series: readonly SeriesPoint[], endSeconds: number, connections: number): number[] {
  const marks = Array.from({ length: tenths - 1 }, (_, i) =>
    reachedAt(series, ((i + 1) * connections) / tenths)
  )
  return tenthRates(connections, [...marks, endSeconds])
}

function tenthRates(connections: number, reachedSeconds: readonly number[]): number[] {
  return reachedSeconds.map((seconds, i) => connections / tenths / (seconds - (reachedSeconds[i - 1] ?? 0)))
}

function tenthsCurve(name: string, connections: number, runs: readonly (readonly number[])[]): Curve {
  return {
    name,
    xUnit: 'connections held',
    yUnit: '/s',
    // A rate stands in the middle of the tenth it is of.
    points: Array.from({ length: tenths }, (_, i) => {
      const values = runs.map((rates) => rates[i] ?? Number.NaN)
      return {
        x: ((i + 0.5) * connections) / tenths,
        y: rounded(median(values)),
        p25: rounded(quantile(values, 0.25)),
        p75: rounded(quantile(values, 0.75))
      }
    })
  }
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

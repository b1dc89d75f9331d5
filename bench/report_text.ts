/** A result for a person's terminal. */
import { figureTable } from '../lib/report/columns.js'
import { indented, page } from '../lib/report/layout.js'
import { unbounded, wrapped } from '../lib/report/wrap.js'
import { hostLine } from './host.js'
import type { BenchHost, BenchResult, Comparison, Figure, Goal, SuiteResult } from './result.js'

export function headline({ version, mode, date }: BenchResult, width = unbounded): string {
  return page(wrapped(`c1m-native ${version}, ${mode}, ${date.slice(0, 16)}Z`, width))
}

export function suiteReport(suite: SuiteResult, host: BenchHost, width = unbounded): string {
  const title = ['', ...wrapped(suite.title, width)]
  const room = width - 2
  if (suite.skipped !== null) {
    const reason = `${suite.failed ? 'failed' : "can't run here"}: ${suite.skipped}`
    return page([...title, ...indented(reason.split('\n').flatMap((line) => wrapped(line, room, 2)))])
  }
  const rows = [...suite.figures.map(figureRow), ...suite.comparisons.map(comparisonRow)]
  const { loadAverage, stealShare } = suite.noise
  const noise = `load ${loadAverage.toFixed(1)}, ${(stealShare * 100).toFixed(1)} % stolen`
  return page([
    ...title,
    ...indented([
      ...wrapped(`on ${hostLine(host)}; ${noise}`, room, 2),
      ...figureTable(rows, { width: room }),
      ...suite.notes.flatMap((note) => wrapped(`(${note})`, room, 1))
    ])
  ])
}

/** Name, median, spread, verdict. */
type Row = [string, string, string, string]

function figureRow({ name, unit, values, median, p25, p75, goal }: Figure): Row {
  const spread = values.length > 1 ? `${number(p25)} to ${number(p75)}, n ${values.length}` : ''
  return [name, `${number(median)} ${unit}`, spread, verdict(goal)]
}

function comparisonRow({ name, ratios, median, ci95: [low, high], goal }: Comparison): Row {
  const interval = `95 %: ${low.toFixed(3)} to ${high.toFixed(3)}, n ${ratios.length}`
  return [name, `${median.toFixed(3)} x`, interval, verdict(goal)]
}

function verdict(goal: Goal | null): string {
  return goal ? `${goal.bound} ${number(goal.value)}: ${goal.verdict}` : ''
}

export function number(value: number): string {
  return value.toLocaleString('en', { maximumSignificantDigits: 4 })
}

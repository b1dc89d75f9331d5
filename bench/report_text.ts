/** A result for a person's terminal. */
import { figureTable, indented } from '../lib/report/layout.js'
import { hostLine } from './host.js'
import type { BenchHost, BenchResult, Comparison, Figure, Goal, SuiteResult } from './result.js'

export function headline({ version, mode, date }: BenchResult): string {
  return `c1m-native ${version}, ${mode}, ${date.slice(0, 16)}Z\n`
}

export function suiteReport(suite: SuiteResult, host: BenchHost): string {
  if (suite.skipped !== null) {
    return `\n${suite.title}\n  ${suite.failed ? 'failed' : "can't run here"}: ${suite.skipped}\n`
  }
  const rows = [...suite.figures.map(figureRow), ...suite.comparisons.map(comparisonRow)]
  const table = indented(figureTable(rows))
  const { loadAverage, stealShare } = suite.noise
  return [
    `\n${suite.title}`,
    `  on ${hostLine(host)}; load ${loadAverage.toFixed(1)}, ${(stealShare * 100).toFixed(1)} % stolen`,
    ...table,
    ...suite.notes.map((note) => `  (${note})`),
    ''
  ].join('\n')
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

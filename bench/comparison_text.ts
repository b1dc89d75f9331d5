/** A comparison of two results for a person's terminal. */
import { figureTable } from '../lib/report/columns.js'
import { indented, page } from '../lib/report/layout.js'
import { unbounded, wrapped } from '../lib/report/wrap.js'
import type { Origin, ResultComparison } from './compare_results.js'
import { hostLine } from './host.js'
import { number } from './report_text.js'

export function comparisonReport(
  { first, second, warnings, rows }: ResultComparison,
  width = unbounded
): string {
  const suites = [...new Set(rows.map(({ suite }) => suite))]
  const lines = [
    ...[first, second].flatMap((origin, i) => wrapped(`${i + 1}  ${originLine(origin)}`, width, 3)),
    ...warnings.flatMap((warning) => wrapped(`not alike: ${warning}`, width, 2))
  ]
  for (const id of suites) {
    const cells = rows
      .filter(({ suite }) => suite === id)
      .map(({ name, unit, first, second, ratio, ci95: [low, high] }) => [
        name,
        number(first),
        `${number(second)} ${unit === 'ratio' ? 'x' : unit}`,
        `${ratio.toFixed(3)} x`,
        `95 %: ${low.toFixed(3)} to ${high.toFixed(3)}${low <= 1 && high >= 1 ? '' : '  *'}`
      ])
    lines.push('', id, ...indented(figureTable(cells, { width: width - 2 })))
  }
  if (rows.length === 0) lines.push('', 'They have no figure in common.')
  else lines.push('', '* the interval leaves out 1: more than the spread of the runs')
  return page(lines)
}

function originLine({ version, date, mode, host }: Origin): string {
  return `${date.slice(0, 16)}Z, c1m-native ${version}, ${mode}, on ${hostLine(host)}`
}

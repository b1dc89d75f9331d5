/** The endpoints of a run, for a person: those in trouble by name, the rest in one line. */
import { formatNumber } from '../base/units.js'
import type { TargetTotals } from '../result/result.js'
import { columns } from './columns.js'
import { plural, span } from './layout.js'
import { unbounded } from './wrap.js'

/** Endpoints in trouble that are listed; the rest are counted. */
const mostListed = 8

/** Nothing where there is one endpoint only: the other figures are its own. */
export function targetLines(targets: readonly TargetTotals[], width = unbounded): string[] {
  if (targets.length < 2) return []
  const troubled = targets.filter((target) => troubles(target).length > 0)
  const listed = troubled.slice(0, mostListed)
  const rows = listed.map((target) => [
    target.target,
    `${formatNumber(target.established)} established`,
    troubles(target).join(', ')
  ])
  return [...columns(rows, { width }), ...restLines(targets.length - troubled.length, troubled, targets)]
}

function troubles({ failed, closedByPeer, exchangesFailed }: TargetTotals): string[] {
  return [
    ...(failed > 0 ? [`${formatNumber(failed)} failed`] : []),
    ...(exchangesFailed > 0 ? [`${plural(exchangesFailed, 'exchange')} failed`] : []),
    ...(closedByPeer > 0 ? [`${formatNumber(closedByPeer)} closed by the peer`] : [])
  ]
}

function restLines(
  untroubled: number,
  troubled: readonly TargetTotals[],
  targets: readonly TargetTotals[]
): string[] {
  const more = troubled.length - mostListed
  const each = span(targets.slice(troubled.length).map((target) => target.established))
  return [
    ...(more > 0 ? [`and ${plural(more, 'other endpoint')} with failures`] : []),
    ...(untroubled > 0
      ? [`${plural(untroubled, 'endpoint')} without failures: ${each} established each`]
      : [])
  ]
}

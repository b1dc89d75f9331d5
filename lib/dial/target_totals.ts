/** What happened to the connections to each endpoint. */
import type { TargetCounts } from '../engine/engine.js'
import type { TargetTotals } from '../result/result.js'

/** More endpoints would make the result large and unreadable. */
const mostTargets = 1000

/**
 * The endpoints with the most trouble first, the others in their order.
 * @param name the endpoint with this index, `address:port`
 */
export function targetTotals(
  counts: readonly TargetCounts[],
  name: (index: number) => string
): TargetTotals[] {
  return counts
    .map((count, index) => ({ index, count }))
    .sort((a, b) => trouble(b.count) - trouble(a.count) || a.index - b.index)
    .slice(0, mostTargets)
    .map(({ index, count }) => ({ target: name(index), ...count }))
}

function trouble({ failed, closedByPeer, exchangesFailed }: TargetCounts): number {
  return failed + closedByPeer + exchangesFailed
}

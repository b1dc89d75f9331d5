/** The causes that a watch has named so far. */
import type { Finding, Severity } from '../result/finding.js'

type Named = Pick<Finding, 'id' | 'severity'>

const severities: readonly Severity[] = ['info', 'warning', 'critical']

/**
 * What stays named after another look. A cause stays: what moved has moved, even if it is over, and the look that found
 * it at its gravest tells most. A note stays as long as it holds.
 */
export function keepNamed<Cause extends Named>(named: readonly Cause[], found: readonly Cause[]): Cause[] {
  const latest = new Map(found.map((finding) => [finding.id, finding]))
  const kept = named.flatMap((earlier) => {
    const now = latest.get(earlier.id)
    latest.delete(earlier.id)
    if (now && weight(now) >= weight(earlier)) return [now]
    return weight(earlier) > 0 ? [earlier] : []
  })
  return [...kept, ...latest.values()]
}

function weight({ severity }: Named): number {
  return severities.indexOf(severity)
}

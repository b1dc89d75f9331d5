/** Where connections go, in words. */
import { formatTarget, type Target } from '../net/targets.js'
import { listed } from './layout.js'

/** Targets that are named; the rest are counted. */
const mostTargets = 3

/** The targets of a dial; a dial without any goes to listeners of its own. */
export function destination(targets: readonly Target[]): string {
  return targets.length === 0 ? 'its own listeners' : listed(targets.map(formatTarget), mostTargets)
}

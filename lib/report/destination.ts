/** Where connections go, in words. */
import { formatTarget } from '../net/targets.js'
import type { DialScenario } from '../scenario/scenario.js'
import { listed } from './layout.js'

/** Targets that are named; the rest are counted. */
const mostTargets = 3

/** The targets of a dial; a self-dial goes to listeners of its own. */
export function destination({ selfDial, targets }: Pick<DialScenario, 'selfDial' | 'targets'>): string {
  return selfDial ? 'its own listeners' : listed(targets.map(formatTarget), mostTargets)
}

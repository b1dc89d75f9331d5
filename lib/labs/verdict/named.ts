/** What several observers of one incident named together. Pure. */
import { checks, type FindingId } from '../../checks/index.js'
import type { Observation } from './lab_result.js'

const tentative = new Set<string>(checks.filter((check) => check.tentativeFromAfar).map(({ id }) => id))

/** What a dial says of a host it cannot look into; within one host the checks themselves leave symptoms out. */
function isGuess({ by, finding }: Observation): boolean {
  return by.startsWith('dial') && tentative.has(finding.id)
}

/** The causes, each once; guesses only when no cause was named. */
export function causesOf(observed: readonly Observation[]): FindingId[] {
  const idsOf = (some: readonly Observation[]) => [
    ...new Set(some.map(({ finding }) => finding.id as FindingId))
  ]
  const causes = idsOf(observed.filter((one) => !isGuess(one)))
  return causes.length > 0 ? causes : idsOf(observed)
}

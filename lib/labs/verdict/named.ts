/** What several observers of one incident named together. Pure. */
import type { FindingId } from '../../checks/index.js'
import type { Observation } from './lab_result.js'

/**
 * What a dial alone can say when a host it cannot look into drops or ends its connections; an observer there names the
 * cause, and within one host the checks themselves leave these out.
 */
const symptoms: ReadonlySet<FindingId> = new Set(['syn-loss', 'syn-unanswered', 'peer-closed'])

/** From afar a descriptor limit is no more than read from the height at which connections stop. */
function isGuess({ by, finding }: Observation): boolean {
  return by.startsWith('dial') && finding.id === ('peer-descriptor-limit' satisfies FindingId)
}

/** The causes, each once; symptoms only when no cause was named. */
export function causesOf(observed: readonly Observation[]): FindingId[] {
  const idsOf = (some: readonly Observation[]) => [
    ...new Set(some.map(({ finding }) => finding.id as FindingId))
  ]
  const ids = idsOf(observed)
  const causes = idsOf(observed.filter((one) => !isGuess(one))).filter((id) => !symptoms.has(id))
  return causes.length > 0 ? causes : ids
}

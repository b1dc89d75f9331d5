/** What several observers of one incident named together. Pure. */
import type { FindingId } from '../checks/index.js'
import type { Observation } from './lab.js'

/**
 * What a dial alone can say when a host it cannot look into drops or ends its connections; an observer there names the
 * cause, and within one host the checks themselves leave these out.
 */
const symptoms: ReadonlySet<FindingId> = new Set(['syn-loss', 'syn-unanswered', 'peer-closed'])

/** The causes, each once; symptoms only when no cause was named. */
export function causesOf(observed: readonly Observation[]): FindingId[] {
  const ids = [...new Set(observed.map(({ finding }) => finding.id as FindingId))]
  const causes = ids.filter((id) => !symptoms.has(id))
  return causes.length > 0 ? causes : ids
}

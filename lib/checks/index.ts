import type { Finding, Severity } from '../result/result.js'
import { acceptQueueOverflow } from './causes/accept_queue_overflow.js'
import { connectionRefused } from './causes/connection_refused.js'
import { conntrackChainTooLong } from './causes/conntrack_chain_too_long.js'
import { conntrackTableFull } from './causes/conntrack_table_full.js'
import { descriptorLimit } from './causes/descriptor_limit.js'
import { dialerSaturated } from './causes/dialer_saturated.js'
import { establishedHashUndersized } from './causes/established_hash_undersized.js'
import { hostFileLimit } from './causes/host_file_limit.js'
import { orphanLimit } from './causes/orphan_limit.js'
import { peerClosed } from './causes/peer_closed.js'
import { peerDescriptorLimit } from './causes/peer_descriptor_limit.js'
import { phantomEstablished } from './causes/phantom_established.js'
import { reversePathFilter } from './causes/reverse_path_filter.js'
import { sourceAddressMissing } from './causes/source_address_missing.js'
import { synLoss } from './causes/syn_loss.js'
import { synQueueOverflow } from './causes/syn_queue_overflow.js'
import { synUnanswered } from './causes/syn_unanswered.js'
import { tcpMemory } from './causes/tcp_memory.js'
import { timeWaitOverflow } from './causes/time_wait_overflow.js'
import { timeWaitPaws } from './causes/time_wait_paws.js'
import { tupleReuseRate } from './causes/tuple_reuse_rate.js'
import { tupleSpaceExhausted } from './causes/tuple_space_exhausted.js'
import { unreachable } from './causes/unreachable.js'
import type { Check, ExplainContext, PredictContext, Verdict } from './context.js'
import { type FindingId, findingIds } from './ids.js'

export type { Check, ExplainContext, PredictContext } from './context.js'
export { type FindingId, findingIds } from './ids.js'

/** Every cause there is a check for: one for each of {@link findingIds}. */
export const checks: readonly Check[] = [
  descriptorLimit,
  hostFileLimit,
  sourceAddressMissing,
  tupleSpaceExhausted,
  tupleReuseRate,
  conntrackTableFull,
  conntrackChainTooLong,
  tcpMemory,
  orphanLimit,
  peerDescriptorLimit,
  acceptQueueOverflow,
  synQueueOverflow,
  phantomEstablished,
  timeWaitPaws,
  timeWaitOverflow,
  reversePathFilter,
  connectionRefused,
  unreachable,
  peerClosed,
  establishedHashUndersized,
  dialerSaturated,
  synUnanswered,
  synLoss
]

type Judged = Verdict & { id: FindingId }

/** A finding about a run that has not begun. */
export interface Prediction extends Finding {
  id: FindingId
  /** Number of connections from which on this binds; null where it is not a matter of their number. */
  bindsAt: number | null
}

/** What will stop or bend a run, before a packet is sent. First what binds at the fewest connections. */
export function predictFindings(context: PredictContext): Prediction[] {
  return checks
    .flatMap((check) => named(check.id, check.predict?.(context)))
    .map((verdict) => ({ ...findingOf(verdict), id: verdict.id, bindsAt: verdict.bindsAt ?? null }))
    .sort(byBinding)
}

/** Orders predictions, of several hosts as well: what binds first, then the gravest. */
export function byBinding(a: Prediction, b: Prediction): number {
  const bindsAt = (prediction: Prediction) => prediction.bindsAt ?? Number.POSITIVE_INFINITY
  return compare(bindsAt(a), bindsAt(b)) || bySeverity(a, b)
}

/**
 * What stopped or bent a run, or what goes on beside a server. The gravest first; then causes before symptoms. A finding
 * whose events another one accounts for, by half or more, is left out: it is a symptom of that.
 * @param onError told of a check that fails; the others are made all the same
 */
export function explainFindings(context: ExplainContext, onError: CheckError = rethrow): Finding[] {
  const judged = checks.flatMap((check) => {
    try {
      return named(check.id, check.explain?.(context))
    } catch (error) {
      onError(check.id, error)
      return []
    }
  })
  return judged
    .filter((verdict) => verdict.events === 0 || eventsExplained(verdict, judged) < verdict.events / 2)
    .sort(bySeverity)
    .map(findingOf)
}

/** What becomes of a check that fails, which takes a bug or facts nobody has thought of. */
export type CheckError = (id: FindingId, error: unknown) => void

const rethrow: CheckError = (_, error) => {
  throw error
}

function named(id: FindingId, verdict: Verdict | null | undefined): Judged[] {
  return verdict ? [{ ...verdict, id }] : []
}

function eventsExplained(symptom: Judged, all: readonly Judged[]): number {
  return all.reduce((sum, cause) => (cause.explains?.includes(symptom.id) ? sum + cause.events : sum), 0)
}

const severities: readonly Severity[] = ['critical', 'warning', 'info']

function bySeverity(a: Pick<Judged, 'severity' | 'id'>, b: Pick<Judged, 'severity' | 'id'>): number {
  return (
    severities.indexOf(a.severity) - severities.indexOf(b.severity) ||
    findingIds.indexOf(a.id) - findingIds.indexOf(b.id)
  )
}

/** Not a difference, which is NaN for two infinities. */
function compare(a: number, b: number): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function findingOf({ id, severity, side, title, evidence, remedy }: Judged): Finding {
  return { id, severity, side, title, evidence, remedy }
}

import type { Finding, Severity } from '../result/finding.js'
import * as causes from './causes/index.js'
import type { Check, ExplainContext, PredictContext, Verdict } from './context.js'
import { keepNamed } from './named_causes.js'
import { placed, shellLine } from './remedy.js'

/** The name of a cause. */
export type FindingId = (typeof causes)[keyof typeof causes]['id']

/** Every cause there is a check for, in the order of equally severe findings. */
export const checks: readonly Check<FindingId>[] = Object.values(causes).toSorted((a, b) => a.rank - b.rank)

/** Their names. */
export const findingIds: readonly FindingId[] = checks.map(({ id }) => id)

type Judged = Verdict & { id: FindingId }

/** A finding about a run that has not begun. */
export interface Prediction extends Finding {
  /** Number of connections from which on this binds; null where it is not a matter of their number. */
  bindsAt: number | null
}

/** The same with its remedy as data, for who carries it out. */
export type Foreseen = Omit<Prediction, 'id' | 'remedy'> & Pick<Judged, 'id' | 'remedy'>

/**
 * What will stop or bend a run, before a packet is sent. First what binds at the fewest connections; a symptom of
 * another one is left out.
 * @param isAsked of which causes to tell; default: of all
 */
export function foresee(
  context: PredictContext,
  isAsked: (check: Check) => boolean = () => true
): Foreseen[] {
  const judged = checks.filter(isAsked).flatMap((check) => named(check.id, check.predict?.(context)))
  return withoutSymptoms(judged)
    .map(({ id, severity, side, title, evidence, remedy, bindsAt = null }) => {
      return { id, severity, side, title, evidence, remedy, bindsAt }
    })
    .sort(byBinding)
}

/** What was foreseen, with its remedy as text. */
export function predictionOf(foreseen: Foreseen): Prediction {
  return { ...foreseen, remedy: foreseen.remedy.map(shellLine) }
}

/** Orders what was foreseen, of several hosts as well: what binds first, then the gravest. */
export function byBinding(a: Foreseen, b: Foreseen): number {
  const bindsAt = (foreseen: Foreseen) => foreseen.bindsAt ?? Number.POSITIVE_INFINITY
  return compare(bindsAt(a), bindsAt(b)) || bySeverity(a, b)
}

/**
 * What stopped or bent a run, or what goes on beside a server. The gravest first; then causes before symptoms. A finding
 * whose events another one accounts for, by half or more, is left out: it is a symptom of that.
 * @param onError told of a check that fails; the others are made all the same
 */
export function explainFindings(context: ExplainContext, onError: CheckError = rethrow): Finding[] {
  return told(judge(context, onError))
}

/** For how long after its last look a cause still accounts for what follows from it. */
const aftermathMs = 30_000

/**
 * Findings beside a server, look by look. A cause once named stays, what it did has happened; so it hides its symptoms, also
 * those that are counted shortly after it is over.
 */
export class LastingFindings {
  #judged: readonly Judged[] = []
  readonly #foundMs = new Map<FindingId, number>()
  /** Causes that have accounted for a symptom, by both their names. */
  readonly #proven = new Set<string>()
  /** Events of a symptom that came while or shortly after its cause was there. */
  readonly #accounted = new Map<FindingId, number>()

  /** Adds a look; gives all that was found so far. */
  explain(
    context: ExplainContext,
    onError: CheckError = rethrow,
    nowMs: number = performance.now()
  ): Finding[] {
    const found = judge(context, onError)
    for (const { id } of found) this.#foundMs.set(id, nowMs)
    this.#judged = keepNamed(this.#judged, found)
    for (const symptom of this.#judged) this.#account(symptom, nowMs)
    return told(this.#judged.filter(({ id, events }) => (this.#accounted.get(id) ?? 0) <= events / 2))
  }

  #account(symptom: Judged, nowMs: number): void {
    for (const cause of this.#judged) {
      if (!cause.explains?.some(({ id }) => id === symptom.id)) continue
      const pair = `${cause.id} ${symptom.id}`
      if (cause.events >= symptom.events / 2) this.#proven.add(pair)
      const isRecent = nowMs - (this.#foundMs.get(cause.id) ?? 0) < aftermathMs
      if (isRecent && this.#proven.has(pair)) this.#accounted.set(symptom.id, symptom.events)
    }
  }
}

function judge(context: ExplainContext, onError: CheckError): Judged[] {
  return checks.flatMap((check) => {
    try {
      return named(check.id, check.explain?.(context))
    } catch (error) {
      onError(check.id, error)
      return []
    }
  })
}

function told(judged: readonly Judged[]): Finding[] {
  return withoutSymptoms(judged).sort(bySeverity).map(findingOf)
}

/** What becomes of a check that fails, which takes a bug or facts nobody has thought of. */
export type CheckError = (id: FindingId, error: unknown) => void

const rethrow: CheckError = (_, error) => {
  throw error
}

function named(id: FindingId, verdict: Verdict | null | undefined): Judged[] {
  return verdict ? [{ ...verdict, remedy: placed(verdict.remedy), id }] : []
}

/** Those whose events no other one accounts for, by half or more. */
function withoutSymptoms(judged: readonly Judged[]): Judged[] {
  return judged.filter(
    (verdict) => verdict.events === 0 || eventsExplained(verdict, judged) < verdict.events / 2
  )
}

function eventsExplained(symptom: Judged, all: readonly Judged[]): number {
  const ids = [symptom, ...(symptom.guessesAt ?? [])].map(({ id }) => id)
  return all.reduce(
    (sum, cause) => (cause.explains?.some(({ id }) => ids.includes(id)) ? sum + cause.events : sum),
    0
  )
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
  return { id, severity, side, title, evidence, remedy: remedy.map(shellLine) }
}

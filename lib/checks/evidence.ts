import { formatNumber } from '../base/units.js'
import type { ErrorTally } from '../engine/engine.js'
import type { CounterName } from '../host/counter_names.js'
import { type CounterChanges, counterValue, isHostWide, movedBy } from '../host/counters.js'
import type { Evidence, Side } from '../result/finding.js'
import type { ConnectionTotals } from '../result/result.js'
import type { ExplainContext } from './context.js'

/** The context with only what moved until the last handshake ended: nothing else is evidence about handshakes. */
export function inRamp(context: ExplainContext): ExplainContext {
  return { ...context, deltas: context.ramp }
}

/** The context with what moved to the very end, the closing of the run's connections included. */
export function withClosing(context: ExplainContext): ExplainContext {
  return { ...context, deltas: joined(context.deltas, context.closing) }
}

function joined(first: CounterChanges, then: CounterChanges): CounterChanges {
  const changes = { ...first }
  for (const [name, { before, after, delta }] of Object.entries(then)) {
    const earlier = first[name]
    changes[name] = { before: earlier?.before ?? before, after, delta: (earlier?.delta ?? 0) + delta }
  }
  return changes
}

/** How far a counter moved; 0 when it did not, or is unknown. */
export function moved({ deltas }: ExplainContext, name: CounterName): number {
  return movedBy(deltas, name)
}

/** Evidence for each of these counters that moved. */
export function counterEvidence({ deltas }: ExplainContext, ...names: CounterName[]): Evidence[] {
  return names.flatMap((name) => {
    const change = deltas[name]
    return change ? [{ name: inFull(name), before: change.before, after: change.after }] : []
  })
}

/** A limit or setting, which is read once; nothing when it is unknown. */
export function fact(name: string, value: number | string | null): Evidence[] {
  return value === null ? [] : [{ name, before: null, after: value }]
}

/** What a gauge says, of the whole host where it is of that; nothing when it is unknown. */
export function gauge(name: CounterName, value: number | null): Evidence[] {
  return fact(inFull(name), value)
}

function inFull(name: CounterName): string {
  return isHostWide(name) ? `${name} of the whole host` : name
}

/** Failures with one of these codes; in one phase, or in any. */
export function failures(
  { run }: ExplainContext,
  codes: readonly string[],
  inPhase?: ErrorTally['phase']
): { tallies: ErrorTally[]; count: number } {
  const tallies = (run?.errors ?? []).filter(
    ({ phase, code }) => codes.includes(code) && (inPhase === undefined || phase === inPhase)
  )
  return { tallies, count: tallies.reduce((sum, { count }) => sum + count, 0) }
}

/** A tally as evidence: `errors.connect.ECONNREFUSED`. */
export function tallyEvidence(tallies: readonly ErrorTally[]): Evidence[] {
  return tallies.map(({ phase, code, count, example }) => ({
    name: `errors.${phase}.${code}`,
    before: null,
    after: `${count} (${example})`
  }))
}

/** Fields of `result.connections`. */
export function connectionEvidence(
  { run }: ExplainContext,
  ...names: (keyof ConnectionTotals)[]
): Evidence[] {
  return names.flatMap((name) => (run ? fact(`connections.${name}`, run.connections[name]) : []))
}

/** The side this namespace is on: the dialing one, or, when nothing was dialed, the server's. */
export function hereSide({ run }: ExplainContext): Side {
  return run === null ? 'server' : 'client'
}

/** The larger of what a gauge said at both ends; null when it is unknown. */
export function gaugePeak({ counters, deltas }: ExplainContext, name: CounterName): number | null {
  const after = counterValue(counters, name)
  return after === null ? null : Math.max(after, deltas[name]?.before ?? after)
}

/** A number in a title: digits grouped, fractions cut to three significant digits. */
export function figure(value: number): string {
  return formatNumber(
    Number.isInteger(value) || value >= 1000 ? Math.round(value) : Number(value.toPrecision(3))
  )
}

/** A share in a title: `4.4 %`. */
export function percent(share: number): string {
  return `${Number((share * 100).toPrecision(2))} %`
}

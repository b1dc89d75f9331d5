import { C1mError } from '../base/errors.js'
import { escapeControls, quote } from '../base/quote.js'
import { formatNumber, parseQuantity, type QuantityKind } from '../base/units.js'
import type { Latency } from '../engine/latency.js'
import type { RunResult } from './result.js'

/** A condition on a result, under which a run counts as failed. */
export interface FailIf {
  /** As it was written. */
  text: string
  /**
   * Says in one sentence what held, or null when the condition does not hold. A figure the run did not measure
   * counts as held: a check must not pass because nothing was there to check.
   */
  holds(result: RunResult): string | null
}

/** Units of the result's figures: how a literal beside them is read, and how they are written. */
const units = {
  count: { kind: 'count', base: 1, suffix: '' },
  perSecond: { kind: 'rate', base: 1, suffix: '/s' },
  us: { kind: 'duration', base: 1, suffix: 'us' },
  ms: { kind: 'duration', base: 1000, suffix: 'ms' },
  seconds: { kind: 'duration', base: 1e6, suffix: 's' },
  bytes: { kind: 'bytes', base: 1, suffix: 'B' }
} as const satisfies Record<string, { kind: QuantityKind; base: number; suffix: string }>

type Unit = keyof typeof units

/** The numbers below T, each with its unit: a figure added to the result does not compile until it has one here. */
type UnitsOf<T> = {
  [K in keyof T as K extends 'buckets'
    ? never
    : NonNullable<T[K]> extends number | object
      ? K
      : never]: NonNullable<T[K]> extends number ? Unit : UnitsOf<NonNullable<T[K]>>
}

type Judged = Pick<
  RunResult,
  | 'connections'
  | 'timing'
  | 'connectLatency'
  | 'pacing'
  | 'exchange'
  | 'exchangeLatency'
  | 'churn'
  | 'retransmits'
  | 'staleAnswers'
  | 'alive'
  | 'census'
  | 'memory'
  | 'process'
>

const latency: UnitsOf<Latency> = {
  count: 'count',
  mean: 'us',
  p50: 'us',
  p90: 'us',
  p99: 'us',
  p999: 'us',
  max: 'us'
}

const figures: UnitsOf<Judged> = {
  connections: {
    requested: 'count',
    attempted: 'count',
    established: 'count',
    failed: 'count',
    peak: 'count',
    closedByPeer: 'count',
    skippedPorts: 'count'
  },
  timing: {
    dialSeconds: 'seconds',
    connectsPerSecond: 'perSecond',
    holdSeconds: 'seconds',
    totalSeconds: 'seconds'
  },
  connectLatency: { ...latency, withoutSynRetry: latency },
  pacing: { p50: 'us', p99: 'us', max: 'us' },
  exchangeLatency: latency,
  exchange: {
    completed: 'count',
    failed: 'count',
    failures: {
      unacknowledged: 'count',
      unanswered: 'count',
      peerNotReading: 'count',
      wrong: 'count',
      closed: 'count',
      reset: 'count',
      other: 'count'
    },
    bytesSent: 'bytes',
    bytesReceived: 'bytes'
  },
  churn: {
    transactions: 'count',
    transactionsPerSecond: 'perSecond',
    timeWait: { before: 'count', peak: 'count', after: 'count' },
    tupleRestSeconds: 'seconds'
  },
  retransmits: {
    syn: 'count',
    connectionsWithSynRetry: 'count',
    firstSynAnswered: 'count',
    repeatedSynAnswered: 'count',
    segments: 'count',
    connectionsWithRetransmit: 'count'
  },
  staleAnswers: { established: 'count', timedOut: 'count', pending: 'count' },
  alive: { probed: 'count', proven: 'count', disproved: 'count', unknown: 'count' },
  census: {
    connections: 'count',
    missing: 'count',
    seconds: 'seconds',
    states: {},
    rtt: latency,
    minRtt: latency,
    options: { timestamps: 'count', sack: 'count', windowScaling: 'count', ecn: 'count' },
    sndMss: { min: 'bytes', max: 'bytes' },
    bytesReceived: 'bytes',
    bytesSent: 'bytes',
    retransmits: { segments: 'count', connections: 'count' },
    unacknowledged: 'count',
    timeouts: { connections: 'count', total: 'count', longestMs: 'ms' }
  },
  memory: {
    processRssBytes: 'bytes',
    nativeBytesPerConnection: 'bytes',
    jsHeapBytesPerConnection: 'bytes',
    kernelSlabBytesPerSocket: 'bytes'
  },
  process: {
    cpuSeconds: 'seconds',
    dialing: { cpuSeconds: 'seconds', waitedSeconds: 'seconds', otherSeconds: 'seconds' },
    workers: 'count',
    tables: 'count'
  }
}

/** Leaf names that may stand alone: `failed` is `connections.failed`. */
const shortNames = new Map(
  (['connections', 'timing'] as const).flatMap((group) =>
    Object.keys(figures[group]).map((leaf) => [leaf, `${group}.${leaf}`] as const)
  )
)

const comparisons = {
  '>': (a: number, b: number) => a > b,
  '>=': (a: number, b: number) => a >= b,
  '<': (a: number, b: number) => a < b,
  '<=': (a: number, b: number) => a <= b,
  '==': (a: number, b: number) => a === b,
  '!=': (a: number, b: number) => a !== b
}

/**
 * Reads `FIGURE OPERATOR NUMBER`, e.g. `failed>0`, `connectLatency.p99>50ms`, `established<1m`. The number may carry
 * a unit, which is converted; without one it is in the figure's own (latencies microseconds, `...Seconds` seconds).
 * @throws C1mError C1M_FAIL_IF_INVALID
 */
export function parseFailIf(text: string): FailIf {
  const fail = (reason: string, hint: string, cause?: unknown) =>
    new C1mError('C1M_FAIL_IF_INVALID', (option) => `${option('failIf')} ${quote(text)} ${reason}`, {
      hint,
      cause
    })
  const match = /^([\w.]+)\s*([<>=!]+)\s*(.*)$/.exec(text.trim())
  if (!match) throw fail('is not of the form FIGURE OPERATOR NUMBER', "Write e.g. 'failed>0'.")
  const [, name = '', operator = '', literal = ''] = match
  if (!isComparison(operator))
    throw fail(`has the operator ${operator}`, `Operators are ${Object.keys(comparisons).join(' ')}.`)
  const path = (shortNames.get(name) ?? name).split('.')
  const unit = unitOf(path)
  if (unit === null) throw fail(`names ${quote(name)}, which is no figure of the result`, figuresNear(path))
  const limit = readLimit(literal, unit, (cause) =>
    fail(`compares with ${quote(literal)}, which is no ${noun(unit)}`, cause.hint ?? '', cause)
  )
  const shown = escapeControls(text)
  return {
    text,
    holds(result) {
      const value = valueAt(result, path)
      if (value === null) return `${path.join('.')} was not measured in this run, so ${shown} counts as held`
      return comparisons[operator](value, limit)
        ? `${path.join('.')} is ${formatNumber(value)}${units[unit].suffix}, so ${shown} holds`
        : null
    }
  }
}

function isComparison(operator: string): operator is keyof typeof comparisons {
  return Object.hasOwn(comparisons, operator)
}

function noun(unit: Unit): string {
  return units[unit].kind === 'bytes' ? 'size' : units[unit].kind
}

function readLimit(literal: string, unit: Unit, fail: (cause: C1mError) => C1mError): number {
  if (/^\d+(\.\d+)?$/.test(literal)) return Number(literal)
  try {
    if (/^[\d.,_]+(e[+-]?\d+)?$/i.test(literal)) return parseQuantity('count', literal)
    return parseQuantity(units[unit].kind, literal) / units[unit].base
  } catch (cause) {
    throw cause instanceof C1mError ? fail(cause) : cause
  }
}

type Figures = Unit | { readonly [name: string]: Figures }

function descend(path: readonly string[]): Figures | undefined {
  return path.reduce<Figures | undefined>(
    (below, name) => (typeof below === 'object' && Object.hasOwn(below, name) ? below[name] : undefined),
    figures
  )
}

function unitOf(path: readonly string[]): Unit | null {
  const found = descend(path)
  return typeof found === 'string' ? found : null
}

/** The names to choose from in the group the path leads to, or else the groups. */
function figuresNear(path: readonly string[]): string {
  const group = [path, path.slice(0, -1)].find((part) => part.length > 0 && typeof descend(part) === 'object')
  const names = Object.keys((group && descend(group)) ?? figures)
  if (group) return `Figures of ${group.join('.')} are ${names.join(', ')}.`
  return `Figures are ${[...shortNames.keys()].join(', ')}, and those of ${names.join(', ')}, e.g. connectLatency.p99.`
}

/** null: not measured, or a distribution of nothing. */
function valueAt(result: RunResult, path: readonly string[]): number | null {
  let value: unknown = result
  for (const name of path) {
    const group = value as Record<string, unknown> | null
    if (group === null || (group.count === 0 && name !== 'count')) return null
    value = group[name]
  }
  return value as number | null
}

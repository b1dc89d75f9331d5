/** One result held against another. */
import type { BenchHost, BenchMode, BenchResult, Unit } from './result.js'
import { bootstrapRatio, median, rounded } from './stats.js'

export const comparisonSchema = 'c1m-native/bench-comparison@1'

export interface ResultComparison {
  schema: typeof comparisonSchema
  first: Origin
  second: Origin
  /** What makes the two hard to compare: another host, kernel or mode. */
  warnings: string[]
  rows: ComparedFigure[]
}

export interface Origin {
  version: string
  date: string
  mode: BenchMode
  host: BenchHost
}

export interface ComparedFigure {
  suite: string
  name: string
  /** `ratio` for what already was one. */
  unit: Unit
  first: number
  second: number
  /** Second over first, of the medians. */
  ratio: number
  /** Bootstrap confidence interval of the ratio, 95 %. */
  ci95: [low: number, high: number]
}

export function compareResults(first: BenchResult, second: BenchResult): ResultComparison {
  const rows = second.suites.flatMap((suite) => {
    const before = samples(first, suite.id)
    return [...samples(second, suite.id)].flatMap(([name, now]) => {
      const then = before.get(name)
      return then ? [compared(suite.id, name, then, now)] : []
    })
  })
  return {
    schema: comparisonSchema,
    first: origin(first),
    second: origin(second),
    warnings: warnings(first, second),
    rows
  }
}

interface Sample {
  unit: Unit
  values: readonly number[]
}

/** All that a suite has measured, by name. */
function samples({ suites }: BenchResult, id: string): Map<string, Sample> {
  const suite = suites.find((suite) => suite.id === id)
  return new Map<string, Sample>([
    ...(suite?.figures ?? []).map(({ name, unit, values }) => [name, { unit, values }] as const),
    ...(suite?.comparisons ?? []).map(
      ({ name, ratios }) => [name, { unit: 'ratio', values: ratios }] as const
    )
  ])
}

function compared(suite: string, name: string, first: Sample, second: Sample): ComparedFigure {
  const [a, b] = [median(first.values), median(second.values)]
  const [low, high] = bootstrapRatio(second.values, first.values)
  return {
    suite,
    name,
    unit: second.unit,
    first: rounded(a),
    second: rounded(b),
    ratio: rounded(b / a),
    ci95: [rounded(low), rounded(high)]
  }
}

function origin({ version, date, mode, host }: BenchResult): Origin {
  return { version, date, mode, host }
}

const sameOfHost = {
  kernel: 'kernel',
  cpuModel: 'CPU',
  cpus: 'number of CPUs',
  memoryBytes: 'memory',
  node: 'Node'
} as const satisfies Partial<Record<keyof BenchHost, string>>

function warnings(first: BenchResult, second: BenchResult): string[] {
  const keys = Object.keys(sameOfHost) as (keyof typeof sameOfHost)[]
  return [
    ...(first.mode === second.mode ? [] : [`one is ${first.mode}, the other ${second.mode}`]),
    ...keys
      .filter((key) => first.host[key] !== second.host[key])
      .map((key) => `another ${sameOfHost[key]}: ${first.host[key]}, then ${second.host[key]}`)
  ]
}

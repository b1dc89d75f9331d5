/** What the suite leaves behind. Every number keeps the values it was made from. */
import type { ResultHost } from '../lib/host/result_host.js'

/** Name and version of the shape. Fields may be added under the same version; none changes its meaning. */
export const benchSchema = 'c1m-native/bench@1'

export type BenchMode = 'quick' | 'full'

export interface BenchResult {
  schema: typeof benchSchema
  /** Version of c1m-native under test. */
  version: string
  /** When the suite began, ISO 8601 in UTC. */
  date: string
  mode: BenchMode
  host: BenchHost
  suites: SuiteResult[]
}

/** The machine, in enough detail to tell whether two results may be compared. */
export interface BenchHost extends ResultHost {
  cpuModel: string
  /** Buckets of the kernel's hash of established connections: what a million connections slow down on. */
  establishedHashBuckets: number | null
}

export interface SuiteResult {
  id: string
  title: string
  /** Why it could not run here; null when it ran. */
  skipped: string | null
  /** It should have been able to run; `skipped` says what went wrong. */
  failed: boolean
  seconds: number
  noise: Noise
  figures: Figure[]
  comparisons: Comparison[]
  /** What moves with something, for a plot. */
  curves: Curve[]
  /** What a reader must know to read the numbers right. */
  notes: string[]
}

/** How disturbed the machine was during a suite. */
export interface Noise {
  /** Processes that wanted a CPU, mean of the minute before the suite began. */
  loadAverage: number
  /** Share of all CPU time that the hypervisor gave to others. */
  stealShare: number
}

/** A measured quantity: all values in the order they were taken, and what sums them up. */
export interface Figure {
  name: string
  unit: Unit
  values: number[]
  median: number
  /** The middle half lies between these. */
  p25: number
  p75: number
  goal: Goal | null
}

export type Unit = '/s' | 's' | 'ms' | 'us' | 'B' | 'us CPU/connection' | 'us CPU/transaction' | 'ratio'

/** Two contenders in pairs of neighbouring runs, so that whatever disturbs the machine disturbs both. */
export interface Comparison {
  name: string
  /** First contender over second, pair by pair. */
  ratios: number[]
  median: number
  /** Bootstrap confidence interval of the median, 95 %. */
  ci95: [low: number, high: number]
  goal: Goal | null
}

/** A quantity against another: medians of all runs, and between what the middle half of them lies. */
export interface Curve {
  name: string
  xUnit: string
  yUnit: Unit
  points: { x: number; y: number; p25: number; p75: number }[]
}

/** What we promise; `unclear` when the confidence interval spans the bound. */
export interface Goal {
  bound: 'at least' | 'at most'
  value: number
  verdict: 'met' | 'missed' | 'unclear'
}

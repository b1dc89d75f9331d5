/** Numbers that sum up runs. Medians, because a disturbed run is far off and only ever to one side. */
import type { Comparison, Figure, Goal, Unit } from './result.js'

/** A bound of {@link Goal} before it is judged. */
export type Bound = Pick<Goal, 'bound' | 'value'>

const resamples = 10_000

/** The value below which the share `q` (0 to 1) of `values` lies, linearly between neighbours. NaN for none. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  const place = (sorted.length - 1) * q
  const below = sorted[Math.floor(place)] ?? Number.NaN
  const above = sorted[Math.ceil(place)] ?? Number.NaN
  return below + (above - below) * (place - Math.floor(place))
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5)
}

export function figure(name: string, unit: Unit, values: readonly number[], goal?: Bound): Figure {
  const middle = median(values)
  return {
    name,
    unit,
    values: values.map(rounded),
    median: rounded(middle),
    p25: rounded(quantile(values, 0.25)),
    p75: rounded(quantile(values, 0.75)),
    goal: goal ? judge(goal, [middle, middle]) : null
  }
}

/** Compares paired runs; `a[i]` and `b[i]` were neighbours in time. */
export function compare(name: string, a: readonly number[], b: readonly number[], goal?: Bound): Comparison {
  const ratios = a.map((value, i) => value / (b[i] ?? Number.NaN))
  const ci95 = bootstrapMedian(ratios)
  return {
    name,
    ratios: ratios.map(rounded),
    median: rounded(median(ratios)),
    ci95: [rounded(ci95[0]), rounded(ci95[1])],
    goal: goal ? judge(goal, ci95) : null
  }
}

/**
 * Confidence interval (95 %, percentile method) of the median: how much it would vary had other runs been drawn from
 * the same lot. Draws are seeded, so the same values give the same interval.
 */
export function bootstrapMedian(values: readonly number[]): [low: number, high: number] {
  const random = seeded(values.length)
  const medians = Array.from({ length: resamples }, () =>
    median(Array.from(values, () => values[Math.floor(random() * values.length)] ?? Number.NaN))
  )
  return [quantile(medians, 0.025), quantile(medians, 0.975)]
}

/** Confidence interval (95 %) of the ratio of two medians whose values were taken apart from each other. */
export function bootstrapRatio(
  over: readonly number[],
  under: readonly number[]
): [low: number, high: number] {
  const random = seeded(over.length + under.length)
  const drawn = (values: readonly number[]) =>
    median(Array.from(values, () => values[Math.floor(random() * values.length)] ?? Number.NaN))
  const ratios = Array.from({ length: resamples }, () => drawn(over) / drawn(under))
  return [quantile(ratios, 0.025), quantile(ratios, 0.975)]
}

function judge({ bound, value }: Bound, [low, high]: readonly [number, number]): Goal {
  const [surely, hardly] = bound === 'at least' ? [low >= value, high < value] : [high <= value, low > value]
  return { bound, value, verdict: surely ? 'met' : hardly ? 'missed' : 'unclear' }
}

/** Mulberry32: small, and good enough to draw with. */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** Four significant digits: more would be noise. */
export function rounded(value: number): number {
  return Number(value.toPrecision(4))
}

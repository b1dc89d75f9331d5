/** The buckets of the engine's latency histograms: the same for all, so that counts of several runs and hosts add up. */
import type { LatencyCount } from '../host/syn_retry_comb.js'
import type { LatencyBuckets } from './latency.js'
import { native } from './native.js'

let bounds: Float64Array | undefined

/** Nanoseconds at which each bucket begins; the last entry is where the last bucket ends. */
function bucketBounds(): Float64Array {
  bounds ??= native().latencyBounds()
  return bounds
}

/** What stands for the durations in a bucket: its middle, or the one value in a bucket of a nanosecond. */
function middleNs(bucket: number): number {
  const begin = bucketBounds()[bucket] ?? 0
  const end = bucketBounds()[bucket + 1] ?? begin
  return end - begin === 1 ? begin : (begin + end) / 2
}

/** Buckets that hold anything, from the shortest, and how many durations each holds. */
export type SparseCounts = readonly (readonly [bucket: number, count: number])[]

/** What the addon tells as one figure after the other. */
export function inPairs(figures: Float64Array): SparseCounts {
  return Array.from({ length: figures.length / 2 }, (_, i) => [figures[2 * i] ?? 0, figures[2 * i + 1] ?? 0])
}

/** The buckets in which `now` counts more than `before`. */
export function countsSince(before: SparseCounts, now: SparseCounts): SparseCounts {
  const earlier = new Map(before)
  return now.flatMap(([bucket, count]) => {
    const since = count - (earlier.get(bucket) ?? 0)
    return since > 0 ? [[bucket, since]] : []
  })
}

/** The durations of both. */
export function joinCounts(a: SparseCounts, b: SparseCounts): SparseCounts {
  const joined = new Map<number, number>(a)
  for (const [bucket, count] of b) joined.set(bucket, (joined.get(bucket) ?? 0) + count)
  return [...joined].sort(([x], [y]) => x - y)
}

/** Durations of about one length each, from the shortest. */
export function latencyCounts(counts: SparseCounts): LatencyCount[] {
  return counts.map(([bucket, count]) => ({ us: middleNs(bucket) / 1000, count }))
}

export function bucketsOf(counts: SparseCounts): LatencyBuckets {
  const microseconds = (ns: number | undefined) => (ns ?? 0) / 1000
  return {
    fromUs: counts.map(([bucket]) => microseconds(bucketBounds()[bucket])),
    toUs: counts.map(([bucket]) => microseconds(bucketBounds()[bucket + 1])),
    counts: counts.map(([, count]) => count)
  }
}

/** The duration that a `share` of all reaches at most, in microseconds; null when there is none. */
export function percentileUs(counts: SparseCounts, share: number): number | null {
  const total = counts.reduce((sum, [, count]) => sum + count, 0)
  let left = Math.ceil(total * share)
  for (const [bucket, count] of counts) {
    left -= count
    if (left <= 0) return Math.round(middleNs(bucket) / 100) / 10
  }
  return null
}

/** The buckets of the engine's latency histograms, the same everywhere, so that counts of several runs and hosts add up. */
import type { LatencyCount } from '../host/syn_retry_comb.js'
import type { LatencyBuckets } from './latency.js'
import { native } from './native.js'

let bounds: Float64Array | undefined

/** Start of each bucket in nanoseconds; the last entry is the end of the last bucket. */
function bucketBounds(): Float64Array {
  bounds ??= native().latencyBounds()
  return bounds
}

/** The value that represents a bucket: its middle, or the only value in a bucket one nanosecond wide. */
function middleNs(bucket: number): number {
  const begin = bucketBounds()[bucket] ?? 0
  const end = bucketBounds()[bucket + 1] ?? begin
  return end - begin === 1 ? begin : (begin + end) / 2
}

/** Non-empty buckets, shortest first, with the number of durations in each. */
export type SparseCounts = readonly (readonly [bucket: number, count: number])[]

/** Pairs up the flat array of the addon. */
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

/** Adds the counts of both. */
export function joinCounts(a: SparseCounts, b: SparseCounts): SparseCounts {
  const joined = new Map<number, number>(a)
  for (const [bucket, count] of b) joined.set(bucket, (joined.get(bucket) ?? 0) + count)
  return [...joined].sort(([x], [y]) => x - y)
}

/** Durations grouped by similar length, shortest first. */
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

/** The smallest duration that at least a `share` of all does not exceed, in microseconds; null if there are none. */
export function percentileUs(counts: SparseCounts, share: number): number | null {
  const total = counts.reduce((sum, [, count]) => sum + count, 0)
  let left = Math.ceil(total * share)
  for (const [bucket, count] of counts) {
    left -= count
    if (left <= 0) return Math.round(middleNs(bucket) / 100) / 10
  }
  return null
}

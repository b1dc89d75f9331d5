import type { Amount, Count } from '../base/quantities.js'
import type { NativeLatency } from './native_run.js'

/** A distribution of durations in microseconds. All figures are 0 when `count` is 0. */
export interface Latency {
  unit: 'us'
  /** Durations measured. */
  count: Count
  mean: Amount
  p50: Amount
  p90: Amount
  p99: Amount
  p999: Amount
  max: Amount
}

/**
 * The histogram behind a distribution: columns of equal length, one entry for each bucket that holds anything, from the
 * shortest. The bounds lie on one grid, the same in every run: histograms of several runs merge exactly by adding the
 * counts of equal buckets.
 */
export interface LatencyBuckets {
  /** Where each bucket begins, microseconds. */
  fromUs: Amount[]
  /** Where each bucket ends, microseconds; this duration belongs to the next one. At most 1.6 % above `fromUs`. */
  toUs: Amount[]
  /** Durations in each bucket. */
  counts: Count[]
}

/** A distribution with its histogram. */
export interface Distribution extends Latency {
  buckets: LatencyBuckets
}

/** A tenth of a microsecond is finer than the clock is true. */
export function inMicroseconds({ count, ...ns }: NativeLatency): Latency {
  const us = (value: number) => Math.round(value / 100) / 10
  return {
    unit: 'us',
    count,
    mean: us(ns.meanNs),
    p50: us(ns.p50Ns),
    p90: us(ns.p90Ns),
    p99: us(ns.p99Ns),
    p999: us(ns.p999Ns),
    max: us(ns.maxNs)
  }
}

import type { Amount, Count } from '../base/quantities.js'
import type { NativeLatency } from './native_run.js'

/** A distribution of durations in microseconds. All values are 0 if `count` is 0. */
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
 * The histogram behind a distribution: columns of equal length, with one entry per non-empty bucket, shortest durations
 * first. The bucket bounds are the same in every run, so histograms of several runs merge exactly by adding the counts of
 * equal buckets.
 */
export interface LatencyBuckets {
  /** Start of each bucket, in microseconds. */
  fromUs: Amount[]
  /** End of each bucket (exclusive), in microseconds; at most 1.6 % above `fromUs`. */
  toUs: Amount[]
  /** Durations in each bucket. */
  counts: Count[]
}

/** A distribution with its histogram. */
export interface Distribution extends Latency {
  buckets: LatencyBuckets
}

/** Rounds to 0.1 us, which is finer than the accuracy of the clock. */
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

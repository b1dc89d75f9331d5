import { isAtLeast, type KernelVersion } from './kernel.js'

/**
 * Limit on the length of a chain in the conntrack hash: each insert draws its limit at random between `min` and `max`. It
 * is a constant of the kernel, so only more buckets or fewer entries help.
 */
export interface ChainBound {
  min: number
  max: number
  /** False if the release does not determine the limit: this is the tighter one, and a backport may have raised it. */
  certain: boolean
}

/** MIN_CHAINLEN 8, MAX_CHAINLEN 32-8 with get_random_u32_below, so 8 to 31: commit c9c3b6811f74, released in 5.15. */
const tight = { min: 8, max: 31 }

/** MIN_CHAINLEN 50, MAX_CHAINLEN 80-50, so 50 to 79: commit c77737b736ce, released in 6.3. */
const loose = { min: 50, max: 79 }

/** Stable releases that contain a backport of c77737b736ce: the queues of 15 March 2023. */
const loosenedIn = [
  [5, 15, 103],
  [6, 1, 20],
  [6, 2, 7]
] as const

/**
 * The limit from which `__nf_conntrack_confirm` (net/netfilter/nf_conntrack_core.c) of this kernel draws; null before
 * 5.15, which has no limit. (A fixed limit of 64, d7e7747ac5c2, was only in release candidates of 5.15.)
 *
 * Kernels of distributions that stay at `x.y.0` through all updates, as in Ubuntu, may have either limit. So may kernels
 * before 5.15 with a backport; there the column `chainlength` in the statistics shows that a limit exists.
 */
export function chainBound(version: KernelVersion): ChainBound | null {
  if (isAtLeast(version, 6, 3)) return { ...loose, certain: true }
  if (!isAtLeast(version, 5, 15)) return null
  const loosened = loosenedIn.some(
    ([major, minor, patch]) =>
      version.major === major && version.minor === minor && isAtLeast(version, major, minor, patch)
  )
  return loosened ? { ...loose, certain: true } : { ...tight, certain: version.patch > 0 }
}

/**
 * Mean chain length. Both tuples of an entry, original and reply, are in a chain; all namespaces share one table.
 * @param entries of all namespaces
 */
export function chainLoad(entries: number, buckets: number): number {
  return (2 * entries) / buckets
}

/**
 * Share of new connections, 0 to 1, whose first packet is dropped because one of their two chains is too long. Assumes
 * that chain lengths are Poisson distributed around the load, which holds for a hash that spreads evenly. The kernel tests
 * `chainlen++ > bound` while it walks the chain, so a chain is too long from `bound` + 2 entries on.
 */
export function refusedShare(load: number, { min, max }: Pick<ChainBound, 'min' | 'max'>): number {
  let sum = 0
  for (let bound = min; bound <= max; bound++) {
    const tooLong = poissonTail(bound + 2, load)
    sum += 1 - (1 - tooLong) ** 2
  }
  return sum / (max - min + 1)
}

/** Probability of `least` or more in a Poisson distribution with this mean. */
function poissonTail(least: number, mean: number): number {
  if (mean <= 0) return 0
  // Uses logarithms because exp(-mean) underflows at the load of a small table. Sums up the smaller side.
  const logTerm = (count: number) => count * Math.log(mean) - mean - logFactorial(count)
  if (least > mean) {
    let sum = 0
    for (let count = least, term = Math.exp(logTerm(count)); term > sum * 1e-16; count++) {
      sum += term
      term *= mean / (count + 1)
    }
    return sum
  }
  let sum = 0
  for (let count = least - 1, term = Math.exp(logTerm(count)); count >= 0; count--) {
    sum += term
    term *= count / mean
  }
  return 1 - sum
}

function logFactorial(count: number): number {
  let sum = 0
  for (let factor = 2; factor <= count; factor++) sum += Math.log(factor)
  return sum
}

/** The largest number of entries, over all namespaces, at which at most `share` of new connections is refused. */
export function entriesWithin(
  share: number,
  buckets: number,
  bound: Pick<ChainBound, 'min' | 'max'>
): number {
  let low = 0
  let high = buckets * bound.max
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if (refusedShare(chainLoad(middle, buckets), bound) <= share) low = middle
    else high = middle
  }
  return low
}

/**
 * Number of buckets for a mean chain length of two or less, at which neither limit refuses connections (share below 1e-9):
 * a power of two, at least the number of entries. A bucket takes 8 bytes.
 */
export function bucketsFor(entries: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(1024, entries)))
}

import { C1mError } from '../base/errors.js'
import { maxPort } from '../base/quantities.js'
import { quote } from '../base/quote.js'

/** One of several disjoint slices of a tuple space. */
export interface Shard {
  /** Which slice, from 0. */
  shardIndex: number
  shardCount: number
}

/**
 * Reads `K/N`: the K-th of N slices, counted from 1.
 * @throws C1mError C1M_SHARD_INVALID
 */
export function parseShard(text: string): Shard {
  const fail = (reason: string) =>
    new C1mError('C1M_SHARD_INVALID', (option) => `${option('shard')} ${quote(text)} ${reason}`, {
      hint: 'Write K/N: 1/2 here and 2/2 in the other process.'
    })
  const match = /^(\d+)\/(\d+)$/.exec(text.trim())
  if (!match) throw fail('is not of the form K/N')
  const [k, n] = [Number(match[1]), Number(match[2])]
  if (n === 0) throw fail('has no shards')
  // More would leave some without a port.
  if (n > maxPort) throw fail(`has more than ${maxPort} shards, as many as there are ports`)
  if (k === 0) throw fail('counts from 0, and shards count from 1')
  if (k > n) throw fail(`is beyond the last: there are ${n}`)
  return { shardIndex: k - 1, shardCount: n }
}

import { expect, it } from 'vitest'
import { parseShard } from '../../../lib/scenario/shard.js'
import { caught } from '../../helpers/caught.js'

it.each([
  ['1/1', 0, 1],
  ['1/20', 0, 20],
  ['20/20', 19, 20],
  [' 2/3 ', 1, 3]
])('parseShard reads %j, counting from 0', (text, shardIndex, shardCount) => {
  expect(parseShard(text)).toEqual({ shardIndex, shardCount })
})

it.each([
  ['', 'is not of the form K/N'],
  ['1', 'is not of the form K/N'],
  ['1/2/3', 'is not of the form K/N'],
  ['-1/2', 'is not of the form K/N'],
  ['1.5/2', 'is not of the form K/N'],
  ['1/0', 'has no shards'],
  ['0/2', 'counts from 0, and shards count from 1'],
  ['3/2', 'is beyond the last: there are 2'],
  ['1/65536', 'has more than 65535 shards, as many as there are ports']
])('parseShard refuses %j', (text, reason) => {
  expect(caught(() => parseShard(text))).toMatchObject({
    code: 'C1M_SHARD_INVALID',
    message: `shard '${text}' ${reason}`,
    hint: 'Write K/N: 1/2 here and 2/2 in the other process.',
    exitCode: 2
  })
})

import { describe, expect, it } from 'vitest'
import type { PortRange } from '../../../lib/scenario/source_ports.js'
import { checkTuples, countTuples, portsInShard, type TupleSpace } from '../../../lib/scenario/tuples.js'
import { caught } from '../../helpers/caught.js'

const oneAddress: TupleSpace = {
  sources: [{ first: '192.168.2.44', last: '192.168.2.44' }],
  sourcePorts: [[1024, 65_535]],
  shardIndex: 0,
  shardCount: 1,
  destinations: 1
}

it('shards divide the ports without losing any', () => {
  expect([0, 1, 2].map((k) => portsInShard(10, k, 3))).toEqual([4, 3, 3])
  expect([0, 1, 2, 3].map((k) => portsInShard(2, k, 4))).toEqual([1, 1, 0, 0])
})

describe('countTuples', () => {
  it('multiplies addresses, ports and destinations', () => {
    expect(countTuples(oneAddress)).toBe(64_512)
    expect(countTuples({ ...oneAddress, destinations: 20 })).toBe(1_290_240)
    const sources = [{ first: '127.0.1.1', last: '127.0.1.3' }]
    expect(countTuples({ ...oneAddress, sources, sourcePorts: [[1, 100]], destinations: 2 })).toBe(600)
  })

  it('counts only the ports of the shard', () => {
    expect(countTuples({ ...oneAddress, sourcePorts: [[1, 10]], shardIndex: 2, shardCount: 3 })).toBe(3)
  })

  it('stays a safe integer for IPv6 networks', () => {
    const sources = [{ first: 'fd00::', last: 'fd00::ffff:ffff:ffff:ffff' }]
    expect(countTuples({ ...oneAddress, sources })).toBe(Number.MAX_SAFE_INTEGER)
  })
})

describe('checkTuples', () => {
  const away = { ...oneAddress, selfDial: false }

  it('accepts as many connections as there are tuples', () => {
    checkTuples(64_512, away)
    expect(caught(() => checkTuples(64_513, away))).toMatchObject({ code: 'C1M_TUPLES_EXHAUSTED' })
  })

  it('reports how many there are, and how many more of what would be enough', () => {
    expect(caught(() => checkTuples(1_000_000, away))).toMatchObject({
      code: 'C1M_TUPLES_EXHAUSTED',
      exitCode: 2,
      message:
        '1,000,000 connections need as many 4-tuples, and there are 64,512: 1 source address x 64,512 source ports x 1 destination',
      hint: "Use 16 source addresses (source: ['A-B']) or 16 destination ports (host:port-port)."
    })
  })

  it('mentions a narrow port range and shards', () => {
    const space = { ...away, sourcePorts: [[5000, 5099] as PortRange], shardCount: 2, destinations: 2 }
    expect(caught(() => checkTuples(200, space))).toMatchObject({
      message: expect.stringMatching(/there are 100: 1 source address x 50 source ports x 2 destinations$/),
      hint: "Use 2 source addresses (source: ['A-B']) or 4 destination ports (host:port-port) or 200 source ports (sourcePorts) or fewer shards (shard)."
    })
  })

  it('offers a self-dial no more destinations', () => {
    expect(
      caught(() => checkTuples(1_000_000, { ...oneAddress, destinations: 4, selfDial: true }))
    ).toMatchObject({
      message: expect.stringMatching(/1 source address x 64,512 source ports x 4 listeners$/),
      hint: "Use 4 source addresses (source: ['A-B'])."
    })
  })

  it('reports a shard without ports', () => {
    const space = { ...away, sourcePorts: [[5000, 5001] as PortRange], shardIndex: 2, shardCount: 3 }
    expect(caught(() => checkTuples(1, space))).toMatchObject({
      code: 'C1M_TUPLES_EXHAUSTED',
      hint: 'Use at most 2 shards, or more source ports (sourcePorts).'
    })
  })
})

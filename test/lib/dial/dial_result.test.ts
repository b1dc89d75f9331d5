import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, it } from 'vitest'
import { dial } from '../../../lib/dial/dial.js'
import { dialResult, readBaseline } from '../../../lib/dial/dial_result.js'
import { readHostFacts } from '../../../lib/host/facts.js'
import type { DialOptions } from '../../../lib/scenario/options.js'
import { exampleResult } from '../../helpers/example_result.js'
import { freePort, ownAddress } from '../../helpers/loopback.js'
import { netServer } from '../../helpers/servers.js'

const schema = JSON.parse(
  readFileSync(new URL('../../../lib/result/result.schema.json', import.meta.url), 'utf8')
)
const validate = new Ajv2020({
  allErrors: true,
  allowUnionTypes: true,
  formats: { 'date-time': true }
}).compile(schema)

describe('the result of a dial', () => {
  it.each<[string, () => Promise<DialOptions>]>([
    ['to its own listeners', async () => ({ connections: 300 })],
    ['that holds at a given rate', async () => ({ connections: 300, rate: 3000, holdMs: 60 })],
    [
      'that is refused',
      async () => ({ connections: 20, targets: [`127.0.0.1:${await freePort('127.0.0.1')}`] })
    ],
    ['that is cut short', async () => ({ connections: 60_000, rate: 100, durationMs: 50 })],
    ['with a census', async () => ({ connections: 100, holdMs: 20, census: true })]
  ])('%s fits the schema, also after a round trip through JSON', async (_, options) => {
    const result = await dial({ ...(await options()), source: [ownAddress()] }).result
    validate(JSON.parse(JSON.stringify(result)))
    expect(validate.errors).toBeNull()
    // JSON loses nothing of it: no undefined, no NaN, no Infinity.
    expect(JSON.parse(JSON.stringify(result))).toEqual(result)
  })

  it('adds up', async () => {
    const { connections, connectLatency, timing, series } = await dial({
      connections: 2000,
      rate: 10_000,
      holdMs: 100,
      source: [ownAddress()]
    }).result
    expect(connections.attempted).toBe(connections.established + connections.failed)
    expect(connectLatency.count).toBe(connections.established)
    expect(timing.dialSeconds + timing.holdSeconds).toBeLessThanOrEqual(timing.totalSeconds)
    const area = series.reduce(
      (sum, point, i) => sum + point.connectsPerSecond * (point.tSeconds - (series[i - 1]?.tSeconds ?? 0)),
      0
    )
    // Times in the series are rounded to milliseconds.
    expect(area / 2000).toBeCloseTo(1, 1)
  })
})

describe('the result of a dial to several endpoints', () => {
  it('counts connections and failures by endpoint, those with failures first', async () => {
    const source = ownAddress()
    const refusing = `127.0.0.1:${await freePort('127.0.0.1')}`
    await using server = await netServer('127.0.0.1')
    const listening = server.target
    const { targets, errors, events } = await dial({
      targets: [listening, refusing],
      connections: 100,
      source: [source]
    }).result
    expect(targets).toEqual([
      { target: refusing, established: 0, failed: 50, closedByPeer: 0, exchangesFailed: 0 },
      { target: listening, established: 50, failed: 0, closedByPeer: 0, exchangesFailed: 0 }
    ])
    expect(errors).toMatchObject([{ phase: 'connect', code: 'ECONNREFUSED', count: 50 }])
    expect(events.filter(({ kind }) => kind !== 'phase')).toMatchObject([
      { kind: 'failure', name: 'connect ECONNREFUSED', detail: errors[0]?.example },
      { kind: 'finding', name: 'connection-refused' }
    ])
  })

  it('has the latency histogram of the run, and of each interval', async () => {
    const { connectLatency, series } = await dial({
      connections: 2000,
      rate: 10_000,
      source: [ownAddress()]
    }).result
    const { buckets, count, p50, max } = connectLatency
    expect(buckets.counts.reduce((sum, n) => sum + n, 0)).toBe(count)
    expect(buckets.fromUs).toHaveLength(buckets.counts.length)
    expect(buckets.toUs).toHaveLength(buckets.counts.length)
    // The bounds of the bucket that holds the median lie around it.
    let left = Math.ceil(count / 2)
    const median = buckets.counts.findIndex((n) => {
      left -= n
      return left <= 0
    })
    expect(p50).toBeGreaterThanOrEqual(Math.floor((buckets.fromUs[median] ?? 0) * 10) / 10)
    expect(p50).toBeLessThanOrEqual(Math.ceil((buckets.toUs[median] ?? 0) * 10) / 10)
    // Latencies are rounded to tenths, the bounds of the buckets are exact.
    expect(max).toBeLessThanOrEqual(Math.ceil((buckets.toUs.at(-1) ?? 0) * 10) / 10)
    // The counters of a point are read a moment before its latencies, so one of the two may belong to the next point.
    const busy = series.filter(({ connectP50Us }) => connectP50Us !== null)
    expect(busy.length).toBeGreaterThan(0)
    expect(series.every(({ exchangeP50Us }) => exchangeP50Us === null)).toBe(true)
    for (const { connectP50Us, connectP99Us } of busy) {
      expect(connectP50Us).toBeGreaterThan(0)
      expect(connectP99Us).toBeGreaterThanOrEqual(connectP50Us ?? 0)
    }
  })
})

describe('readBaseline', () => {
  it('reads the time and the resources in use', () => {
    const facts = readHostFacts()
    const baseline = readBaseline(facts)
    expect(Math.abs(Date.parse(baseline.startedAt) - Date.now())).toBeLessThan(60_000)
    expect(baseline.facts).toBe(facts)
    expect(baseline.memory.rssBytes).toBeGreaterThan(0)
    expect(baseline.cpu.processSeconds).toBeGreaterThan(0)
  })
})

describe('dialResult', () => {
  const { scenario, counters, findings, census, unavailable, interrupted, events, ...outcome } =
    exampleResult()
  const baseline = readBaseline(readHostFacts())

  it('computes the memory per connection from baseline to peak, at the peak of connections', () => {
    const connections = { ...outcome.connections, established: 200_000, peak: 200_000 }
    const peak = { ...baseline.memory, rssBytes: baseline.memory.rssBytes + 3_200_000 }
    const { memory } = dialResult({ scenario, baseline }, { ...outcome, connections, early: [] }, peak, {
      counters,
      findings,
      census,
      unavailable,
      interrupted,
      events
    })
    expect(memory).toMatchObject({ nativeBytesPerConnection: 16, jsHeapBytesPerConnection: 0 })
  })

  it('takes retransmits of established connections from the census, if there is one', () => {
    const without = dialResult({ scenario, baseline }, { ...outcome, early: [] }, baseline.memory, {
      counters,
      findings,
      census: null,
      unavailable,
      interrupted,
      events
    })
    expect(without.retransmits).toMatchObject({ segments: null, connectionsWithRetransmit: null })
  })
})

import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, it } from 'vitest'
import { dial } from '../../../lib/dial/dial.js'
import { dialResult, readBaseline } from '../../../lib/dial/dial_result.js'
import { readHostFacts } from '../../../lib/host/facts.js'
import type { DialOptions } from '../../../lib/scenario/options.js'
import { exampleResult } from '../../helpers/example_result.js'
import { freePort, ownAddress } from '../../helpers/loopback.js'

const schema = JSON.parse(
  readFileSync(new URL('../../../lib/result/result.schema.json', import.meta.url), 'utf8')
)
const validate = new Ajv2020({
  allErrors: true,
  allowUnionTypes: true,
  formats: { 'date-time': true }
}).compile(schema)

describe('the result of a real run', () => {
  it.each<[string, () => Promise<DialOptions>]>([
    ['to its own listeners', async () => ({ connections: 300 })],
    ['that holds, with a pace', async () => ({ connections: 300, rate: 3000, holdMs: 60 })],
    ['refused', async () => ({ connections: 20, targets: [`127.0.0.1:${await freePort('127.0.0.1')}`] })],
    ['cut short', async () => ({ connections: 60_000, rate: 100, durationMs: 50 })],
    ['with a census', async () => ({ connections: 100, holdMs: 20, census: true })]
  ])('%s fits the schema, as it does in JSON', async (_, options) => {
    const result = await dial({ ...(await options()), source: [ownAddress()] }).result
    validate(JSON.parse(JSON.stringify(result)))
    expect(validate.errors).toBeNull()
    // Nothing JSON would lose: no undefined, no NaN, no Infinity.
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

describe('readBaseline', () => {
  it('tells the time, and what is in use', () => {
    const facts = readHostFacts()
    const baseline = readBaseline(facts)
    expect(Math.abs(Date.parse(baseline.startedAt) - Date.now())).toBeLessThan(60_000)
    expect(baseline.facts).toBe(facts)
    expect(baseline.memory.rssBytes).toBeGreaterThan(0)
    expect(baseline.cpu.processSeconds).toBeGreaterThan(0)
  })
})

describe('dialResult', () => {
  const { scenario, counters, findings, census, unavailable, ...outcome } = exampleResult()
  const baseline = readBaseline(readHostFacts())

  it('reckons memory from the baseline to the peak, for each connection at the peak', () => {
    const connections = { ...outcome.connections, established: 200_000, peak: 200_000 }
    const peak = { ...baseline.memory, rssBytes: baseline.memory.rssBytes + 3_200_000 }
    const { memory } = dialResult({ scenario, baseline }, { ...outcome, connections }, peak, {
      counters,
      findings,
      census,
      unavailable
    })
    expect(memory).toMatchObject({ nativeBytesPerConnection: 16, jsHeapBytesPerConnection: 0 })
  })

  it('takes retransmits of established connections from the census, if there was one', () => {
    const without = dialResult({ scenario, baseline }, outcome, baseline.memory, {
      counters,
      findings,
      census: null,
      unavailable
    })
    expect(without.retransmits).toMatchObject({ segments: null, connectionsWithRetransmit: null })
  })
})

import { describe, expect, it } from 'vitest'
import { dial } from '../../../lib/dial/dial.js'
import { listen } from '../../../lib/listen/listen.js'
import { tcpOptions } from '../../../lib/net/tcp_names.js'
import { caught } from '../../helpers/caught.js'

describe('run.census()', () => {
  it('reads every connection at the end of the hold', async () => {
    const run = dial({ connections: 2000, census: true })
    const { census, retransmits } = await run.result
    expect(census).toMatchObject({
      connections: 2000,
      missing: 0,
      states: { ESTABLISHED: 2000 },
      bytesReceived: 0,
      bytesSent: 0,
      retransmits: { segments: 0, connections: 0 },
      unacknowledged: 0
    })
    expect(census?.rtt).toMatchObject({ unit: 'us', count: 2000 })
    expect(census?.rtt.p50).toBeGreaterThan(0)
    expect(census?.rtt.max).toBeGreaterThanOrEqual(census?.rtt.p99 ?? 0)
    expect(retransmits).toMatchObject({ syn: 0, segments: 0, connectionsWithRetransmit: 0 })
    const columns = await run.census()
    expect(columns).toHaveLength(2000)
    expect(
      new Set(Array.from(columns.state, (_, i) => `${columns.source(i)} ${columns.target(i)}`)).size
    ).toBe(2000)
  })

  it('is skipped at the end of the hold unless requested', async () => {
    const { census, retransmits } = await dial({ connections: 10 }).result
    expect({ census, segments: retransmits.segments }).toEqual({ census: null, segments: null })
  })

  it('reads connections during the hold', async () => {
    await using server = await listen({ targets: ['127.83.9.1:0', '127.83.9.2:0'] })
    await using run = dial({
      targets: server.targets,
      connections: 300,
      source: ['127.83.9.9'],
      holdMs: 60_000
    })
    for await (const { phase } of run.snapshots({ everyMs: 10 })) if (phase === 'holding') break
    const census = await run.census()
    expect(census).toHaveLength(300)
    expect(census.missing).toBe(0)
    for (let i = 0; i < census.length; i++) {
      expect(census.source(i)).toBe(`127.83.9.9:${census.sourcePort[i]}`)
      expect(server.targets).toContain(census.target(i))
      expect(census.state[i]).toBe(1)
      expect(census.segsIn[i]).toBe(1)
      expect(census.segsOut[i]).toBe(2)
      expect(census.synRetries[i]).toBe(0)
      expect(census.totalRetransmits[i]).toBe(0)
      expect(census.sndMss[i]).toBeGreaterThan(500)
      expect((census.options[i] ?? 0) & tcpOptions.timestamps).toBe(tcpOptions.timestamps)
    }
    for (const index of [-1, 300, 0.5, Number.NaN, '0' as unknown as number]) {
      const refusal = { code: 'C1M_OPTION_INVALID', message: expect.stringMatching(/^index is /) }
      expect(caught(() => census.source(index))).toMatchObject(refusal)
      expect(caught(() => census.target(index))).toMatchObject(refusal)
    }
    // Two concurrent calls run one after the other.
    const both = await Promise.all([run.census(), run.census()])
    expect(both.map(({ length }) => length)).toEqual([300, 300])
  })

  it('rejects when the connections are closed', async () => {
    const run = dial({ connections: 10 })
    await run.result
    await expect(run.census()).rejects.toMatchObject({ code: 'C1M_RUN_OVER' })
  })

  it('rejects like the result when the run could not start', async () => {
    const run = dial({ connections: 0 })
    await expect(run.census()).rejects.toMatchObject({ code: 'C1M_OPTION_INVALID' })
  })

  it('distinguishes connections that the peer has closed', async () => {
    await using server = await listen({ targets: ['127.83.9.3:0'] })
    const run = dial({ targets: server.targets, connections: 10, holdMs: 60_000 })
    for await (const { phase } of run.snapshots({ everyMs: 10 })) if (phase === 'holding') break
    await server.close()
    expect((await run.result).connections.closedByPeer).toBe(10)
    await expect(run.census()).rejects.toMatchObject({ code: 'C1M_RUN_OVER' })
  })
})

describe('the sample option', () => {
  it('summarizes some of the connections in each snapshot except the first', async () => {
    await using run = dial({ connections: 1000, sample: 50, holdMs: 60_000 })
    const seen = new Set<object>()
    for await (const { sample, phase } of run.snapshots({ everyMs: 20 })) {
      if (phase !== 'holding' || sample === null) continue
      // The sample at the begin of the hold, and the one in progress then, are from the ramp, with fewer connections.
      if (seen.add(sample).size < 3) continue
      expect(sample.connections).toBeGreaterThanOrEqual(40)
      expect(sample.connections).toBeLessThan(70)
      expect(sample.states.ESTABLISHED).toBe(sample.connections)
      expect(sample.rtt.count).toBe(sample.connections)
      break
    }
  })

  it('leaves snapshots without a sample unless it is set', async () => {
    await using run = dial({ connections: 10, holdMs: 60_000 })
    for await (const { sample, phase } of run.snapshots({ everyMs: 10 })) {
      expect(sample).toBeNull()
      if (phase === 'holding') break
    }
  })
})

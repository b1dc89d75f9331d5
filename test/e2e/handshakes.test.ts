import { describe, expect, it } from 'vitest'
import { dial } from '../../lib/dial/dial.js'
import { freePort, ownAddress } from '../helpers/loopback.js'
import { netServer, stalledServer } from '../helpers/servers.js'

describe('a target that never answers', () => {
  it('costs each connection its timeout, and is reported by phase and code', async () => {
    const address = ownAddress()
    // One handshake after the other, because several at once may all take the last place in the accept queue.
    await using server = await stalledServer(address, 4)
    const result = await dial({
      targets: [server.target],
      connections: 200,
      connectTimeoutMs: 300,
      workers: 1,
      source: [address]
    }).result
    expect(result.connections).toMatchObject({ attempted: 200, established: 5, failed: 195, closedByPeer: 0 })
    expect(result.errors).toEqual([
      {
        phase: 'timeout',
        code: 'ETIMEDOUT',
        count: 195,
        example: expect.stringMatching(new RegExp(`^${address}:\\d+ > ${server.target}$`))
      }
    ])
    expect(result.timing.dialSeconds).toBeGreaterThan(0.299)
    expect(result.connectLatency.count).toBe(5)
  })

  it('is given up by the kernel before the timeout when only one SYN may be repeated', async () => {
    const address = ownAddress()
    await using server = await stalledServer(address, 1)
    const { connections, errors } = await dial({
      targets: [server.target],
      connections: 10,
      synRetries: 1,
      workers: 1,
      connectTimeoutMs: 20_000,
      source: [address]
    }).result
    expect(connections).toMatchObject({ established: 2, failed: 8 })
    expect(errors).toMatchObject([{ phase: 'connect', code: 'ETIMEDOUT', count: 8 }])
  })

  it('never has more handshakes in flight than the window allows', async () => {
    const address = ownAddress()
    await using server = await stalledServer(address, 1)
    for (const window of [1, 6]) {
      const run = dial({ targets: [server.target], connections: 1000, window, workers: 4, source: [address] })
      let most = 0
      for await (const { inFlight, tSeconds } of run.snapshots({ everyMs: 5 })) {
        most = Math.max(most, inFlight)
        if (tSeconds > 0.15) break
      }
      await run[Symbol.asyncDispose]()
      expect(most).toBeGreaterThan(0)
      expect(most).toBeLessThanOrEqual(window)
    }
  })

  it('leaves no socket behind when the run is stopped', async () => {
    const address = ownAddress()
    await using server = await stalledServer(address, 1)
    const run = dial({ targets: [server.target], connections: 500, workers: 1, source: [address] })
    for await (const { inFlight } of run.snapshots({ everyMs: 1 })) if (inFlight === 498) break
    const { connections, errors } = await run.close()
    expect(connections).toMatchObject({ attempted: 500, failed: 0 })
    expect(errors).toEqual([])
  })
})

describe('a target that answers late', () => {
  it('shows in the repeated SYNs and in the latency, but not in the latency without retries', async () => {
    const address = ownAddress()
    await using server = await stalledServer(address, 1)
    const run = dial({ targets: [server.target], connections: 20, holdMs: 1, workers: 1, source: [address] })
    for await (const { inFlight } of run.snapshots({ everyMs: 1 })) if (inFlight === 18) break
    server.resume()
    const { connections, retransmits, connectLatency } = await run.result
    expect(connections).toMatchObject({ established: 20, failed: 0 })
    expect(retransmits.connectionsWithSynRetry).toBe(18)
    expect(retransmits.syn).toBeGreaterThanOrEqual(18)
    expect(connectLatency.count).toBe(20)
    expect(connectLatency.p50).toBeGreaterThan(900_000)
    expect(connectLatency.withoutSynRetry.count).toBe(2)
    expect(connectLatency.withoutSynRetry.max).toBeLessThan(900_000)
  })
})

describe('a target that refuses some connections', () => {
  it('is reported with an example, and the other connections are established', async () => {
    const address = ownAddress()
    await using server = await netServer(address)
    const refusing = `${address}:${await freePort(address)}`
    const { connections, errors } = await dial({
      targets: [server.target, refusing],
      connections: 1000,
      source: [ownAddress()]
    }).result
    expect(connections).toMatchObject({ attempted: 1000, established: 500, failed: 500 })
    expect(errors).toEqual([
      {
        phase: 'connect',
        code: 'ECONNREFUSED',
        count: 500,
        example: expect.stringMatching(new RegExp(` > ${refusing}$`))
      }
    ])
  })
})

describe('a rate', () => {
  it('is kept, and the start delay is reported', async () => {
    const { timing, pacing, connections } = await dial({
      connections: 500,
      rate: 1000,
      source: [ownAddress()]
    }).result
    expect(connections.established).toBe(500)
    // The first starts at once, the last after 499 periods.
    expect(timing.dialSeconds).toBeGreaterThan(0.498)
    expect(timing.dialSeconds).toBeLessThan(5)
    expect(pacing).toMatchObject({ unit: 'us' })
    expect(pacing?.p50).toBeLessThanOrEqual(pacing?.p99 ?? 0)
    expect(pacing?.p99).toBeLessThanOrEqual(pacing?.max ?? 0)
  })

  it('may rise: a ramp from 0/s to 1000/s in one second starts 500 connections in that second', async () => {
    const { timing } = await dial({ connections: 500, ramp: '0:0/s,1s:1000/s', source: [ownAddress()] })
      .result
    expect(timing.dialSeconds).toBeGreaterThan(0.99)
    expect(timing.dialSeconds).toBeLessThan(5)
  })
})

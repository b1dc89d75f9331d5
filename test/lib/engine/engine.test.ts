import { once } from 'node:events'
import { createServer } from 'node:net'
import { describe, expect, it } from 'vitest'
import type { Engine, EngineCounters } from '../../../lib/engine/engine.js'
import { native } from '../../../lib/engine/native.js'
import type { NativeListenConfig, NativeRunConfig } from '../../../lib/engine/native_run.js'
import { expectNoSockets, freePort, ownAddress } from '../../helpers/loopback.js'
import { dialing, listening, missingDevice, small } from '../../helpers/native_config.js'
import { startEngine } from '../../helpers/start_engine.js'

interface Wishes {
  source?: string
  target?: { address: string; port: number }
  connections?: number
  rate?: number
}

/** A dial by two workers: of its own listeners, or of `target`. */
function dialConfig({
  source = ownAddress(),
  target,
  connections = 100,
  rate
}: Wishes = {}): NativeRunConfig {
  const targets = target ? [{ address: target.address, firstPort: target.port, lastPort: target.port }] : []
  return {
    ...small,
    workers: 2,
    maxTables: 8,
    dial: dialing({
      sources: [{ first: source, last: source }],
      targets,
      connections,
      window: 100,
      rate: rate === undefined ? [] : [{ atMs: 0, perSecond: rate }],
      hold: true
    }),
    ...(!target && { listen: listening() })
  }
}

function listenConfig(address: string, firstPort = 0, lastPort = firstPort, workers = 2): NativeRunConfig {
  return {
    ...small,
    workers,
    maxTables: 8,
    listen: listening({ targets: [{ address, firstPort, lastPort }], close: 'fin' })
  }
}

async function closed(engine: Engine): Promise<void> {
  engine.close()
  await engine.closed
}

describe('Engine', () => {
  it('names its counters as the addon does', async () => {
    const engine = startEngine(dialConfig())
    await engine.ramped
    const names: (keyof EngineCounters)[] = [
      'attempted',
      'established',
      'failed',
      'failedAtOnce',
      'dialedOpen',
      'dialedClosedByPeer',
      'skippedPorts',
      'dialedUnknown',
      'dialedDead',
      'synRetransmits',
      'connectionsWithSynRetry',
      'handshakesAnsweredStale',
      'timeoutsAnsweredStale',
      'pendingAnsweredStale',
      'firstSynAnswered',
      'repeatedSynAnswered',
      'dialedBytesReceived',
      'dialedBytesSent',
      'exchanges',
      'settledExchanges',
      'transactions',
      'accepted',
      'acceptedOpen',
      'acceptedClosedByPeer',
      'acceptedBytesReceived',
      'acceptedBytesSent'
    ]
    expect(Object.keys(engine.counters())).toEqual(names)
    expect(native().counterNames).toEqual(names)
    await closed(engine)
  })

  it('ramps, holds and closes', async () => {
    const source = ownAddress()
    const engine = startEngine(dialConfig({ source }))
    expect(engine.listening).toEqual([
      expect.stringMatching(/^127\.0\.0\.1:\d+$/),
      expect.stringMatching(/^127\.0\.0\.1:\d+$/)
    ])
    await engine.ramped
    expect(engine.counters()).toMatchObject({ attempted: 100, established: 100, failed: 0, dialedOpen: 100 })
    await closed(engine)
    expect(engine.counters()).toMatchObject({
      attempted: 100,
      established: 100,
      failed: 0,
      dialedOpen: 0,
      acceptedOpen: 0
    })
    expect(engine.status()).toMatchObject({ tuplesUsedUp: false, tablesUsedUp: false })
    expect(engine.errors()).toEqual([])
    await expectNoSockets(source)
  })

  it('reports a census without memory, and takes the next one', async () => {
    const engine = startEngine(dialConfig())
    await engine.ramped
    await expect(engine.census({ capacity: 2 ** 31, stride: 1, offset: 0 })).rejects.toMatchObject({
      code: 'C1M_RUN_FAILED',
      message: 'there is not enough memory for TCP_INFO of 2,147,483,648 connections'
    })
    expect(await engine.census({ capacity: 200, stride: 1, offset: 0 })).toMatchObject({ rows: 100 })
    await closed(engine)
  })

  it('may be closed several times', async () => {
    const engine = startEngine(dialConfig())
    engine.close()
    await closed(engine)
    await closed(engine)
  })

  it('closed during its ramp leaves the rest undone', async () => {
    const engine = startEngine(dialConfig({ connections: 10_000, rate: 1 }))
    await closed(engine)
    expect(engine.counters().attempted).toBeLessThan(10)
  })

  it('gives latencies in microseconds', async () => {
    const engine = startEngine(dialConfig())
    await engine.ramped
    const latency = engine.latency('connect')
    expect(latency).toMatchObject({ unit: 'us', count: 100 })
    expect(latency.p50).toBeGreaterThan(0)
    expect(latency.p50).toBeLessThan(1_000_000)
    const { mean, p50, p90, p99, p999, max } = latency
    expect([p50, p90, p99, p999, max]).toEqual([p50, p90, p99, p999, max].toSorted((a, b) => a - b))
    expect(mean).toBeLessThanOrEqual(max)
    for (const figure of Object.values(latency)) {
      if (typeof figure === 'number') expect(figure).toBe(Math.round(figure * 10) / 10)
    }
    expect(engine.latency('lateness')).toMatchObject({ count: 0, max: 0 })
    await closed(engine)
  })

  it('names failures by phase and code, with an example', async () => {
    const [source, address] = [ownAddress(), ownAddress()]
    const port = await freePort(address)
    const engine = startEngine(dialConfig({ source, target: { address, port } }))
    await engine.ramped
    expect(engine.counters()).toMatchObject({ attempted: 100, established: 0, failed: 100 })
    expect(engine.errors()).toEqual([
      {
        phase: 'connect',
        code: 'ECONNREFUSED',
        count: 100,
        example: expect.stringMatching(new RegExp(`^${source}:\\d+ > ${address}:${port}$`))
      }
    ])
    await closed(engine)
  })

  it('listens on every port of a range, whatever the number of workers', async () => {
    for (const workers of [1, 3]) {
      const address = ownAddress()
      const engine = startEngine(listenConfig(address, 8100, 8101, workers))
      expect(engine.listening).toEqual([`${address}:8100`, `${address}:8101`])
      await closed(engine)
      await expectNoSockets(address)
    }
  })
})

describe('an engine that cannot start', () => {
  it('reports the port that is taken, and the remedy', async () => {
    const address = ownAddress()
    const server = createServer().listen(0, address)
    await once(server, 'listening')
    const { port } = server.address() as { port: number }
    expect(() => startEngine(listenConfig(address, port))).toThrow(
      expect.objectContaining({
        name: 'C1mError',
        code: 'C1M_LISTEN_FAILED',
        exitCode: 3,
        message: `cannot listen on ${address}:${port}: bind EADDRINUSE`,
        hint: 'Choose another port, or stop the program that listens there (ss -ltnp).'
      })
    )
    server.close()
  })

  it('reports the address that this host does not have, and the remedy', () => {
    expect(() => startEngine(listenConfig('192.0.2.1', 80))).toThrow(
      expect.objectContaining({
        code: 'C1M_LISTEN_FAILED',
        message: 'cannot listen on 192.0.2.1:80: bind EADDRNOTAVAIL',
        hint: 'Choose an address of this host (ip address).'
      })
    )
  })

  it('reports the call that refused an option of its listener', () => {
    const address = ownAddress()
    const config = listenConfig(address, 8100)
    const listen = { ...config.listen, socketOptions: [missingDevice] } as NativeListenConfig
    expect(() => startEngine({ ...config, listen })).toThrow(
      expect.objectContaining({
        code: 'C1M_LISTEN_FAILED',
        message: `cannot listen on ${address}:8100: setsockopt ENODEV`,
        cause: expect.objectContaining({ syscall: 'setsockopt' })
      })
    )
  })

  it('leaves no socket behind', async () => {
    const address = ownAddress()
    const server = createServer().listen(8101, address)
    await once(server, 'listening')
    expect(() => startEngine(listenConfig(address, 8100, 8103))).toThrow('EADDRINUSE')
    server.close()
    await once(server, 'close')
    await expectNoSockets(address)
  })
})

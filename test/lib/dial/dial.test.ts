import { execFileSync } from 'node:child_process'
import { getEventListeners } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { dial } from '../../../lib/dial/dial.js'
import type { Snapshot } from '../../../lib/dial/snapshot.js'
import { expectNoSockets, freePort, ownAddress, socketsAt } from '../../helpers/loopback.js'
import { netServer } from '../../helpers/servers.js'

/** A dial that would take a minute, which tests end in several ways. */
function endless(source = ownAddress(), more: Parameters<typeof dial>[0] = {}) {
  return dial({ connections: 60_000, rate: 1000, source: [source], ...more })
}

/** Waits until the run has opened some connections. */
async function begun(run: ReturnType<typeof dial>): Promise<void> {
  for await (const { established } of run.snapshots({ everyMs: 1 })) if (established > 0) return
}

describe('dial', () => {
  it('without a target dials its own listeners, and leaves no socket', async () => {
    const source = ownAddress()
    const run = dial({ connections: 5000, holdMs: 200, source: [source] })
    for await (const { phase } of run.snapshots({ everyMs: 5 })) {
      if (phase !== 'holding') continue
      // Both ends, according to the kernel.
      const sockets = socketsAt(source)
      expect(sockets.filter(({ local }) => local.startsWith(`${source}:`))).toHaveLength(5000)
      expect(sockets.filter(({ peer }) => peer.startsWith(`${source}:`))).toHaveLength(5000)
      expect(new Set(sockets.map(({ state }) => state))).toEqual(new Set(['ESTAB']))
      break
    }
    const result = await run.result
    expect(result).toMatchObject({
      schema: 'c1m-native/result@1',
      connections: {
        requested: 5000,
        attempted: 5000,
        established: 5000,
        failed: 0,
        peak: 5000,
        closedByPeer: 0
      },
      errors: [],
      findings: [],
      pacing: null,
      exchangeLatency: null,
      churn: null,
      retransmits: {
        syn: 0,
        connectionsWithSynRetry: 0,
        firstSynAnswered: 0,
        repeatedSynAnswered: 0,
        segments: null,
        connectionsWithRetransmit: null
      },
      connectLatency: { unit: 'us', count: 5000, withoutSynRetry: { count: 5000 } }
    })
    const { dialSeconds, connectsPerSecond, holdSeconds, totalSeconds } = result.timing
    expect(holdSeconds).toBeGreaterThan(0.19)
    expect(totalSeconds).toBeGreaterThan(dialSeconds + holdSeconds)
    expect(connectsPerSecond * dialSeconds).toBeCloseTo(5000, 3)
    expect(result.series.at(-1)).toMatchObject({ established: 5000, failed: 0 })
    await expect.poll(() => socketsAt(source)).toEqual([])
  })

  it('counts how many were open at once, even when all are closed before the first snapshot', async () => {
    const address = ownAddress()
    // The server answers no connection, and closes all once the last has sent its message: that ends the ramp.
    const asked: Socket[] = []
    const server = createServer((socket) => {
      socket.on('error', () => {})
      socket.once('data', () => {
        if (asked.push(socket) === 100) for (const each of asked) each.destroy()
      })
    })
    await new Promise<void>((resolve) => server.listen(0, address, resolve))
    const { port } = server.address() as AddressInfo
    const { connections } = await dial({
      targets: [`${address}:${port}`],
      connections: 100,
      workers: 1,
      source: [address],
      send: 'x',
      expectBytes: 1
    }).result
    expect(connections).toMatchObject({ established: 100, peak: 100, closedByPeer: 100 })
    server.close()
  })

  it('starts no more threads than it was given', async () => {
    const { process } = await dial({ connections: 100, workers: 2, source: [ownAddress()] }).result
    expect(process).toMatchObject({ workers: 2, tables: 2 })
  })

  it('dials over IPv6', async ({ skip }) => {
    const server = await netServer('::1').catch(() => null)
    if (!server) return skip('this host has no ::1')
    const { connections, errors } = await dial({ targets: [server.target], connections: 200 }).result
    expect(connections).toMatchObject({ established: 200, failed: 0 })
    expect(errors).toEqual([])
    await server.close()
  })

  it('resolves host names', async () => {
    await using server = await netServer('127.0.0.1')
    const run = dial({ targets: [`localhost:${server.port}`], connections: 10, source: [ownAddress()] })
    expect((await run.result).scenario.targets).toEqual([
      { host: 'localhost', address: '127.0.0.1', firstPort: server.port, lastPort: server.port }
    ])
  })

  it('reports what it did even if no connection succeeded', async () => {
    const address = ownAddress()
    const target = `${address}:${await freePort(address)}`
    const result = await dial({ targets: [target], connections: 100, holdMs: 600_000 }).result
    expect(result).toMatchObject({
      connections: { attempted: 100, established: 0, failed: 100, peak: 0 },
      errors: [{ phase: 'connect', code: 'ECONNREFUSED', count: 100 }],
      connectLatency: { count: 0, mean: 0, max: 0 }
    })
    expect(result.timing.connectsPerSecond).toBe(0)
  })
})

describe('run.started', () => {
  it('resolves with the scenario of the result', async () => {
    const run = dial({ connections: 10, source: [ownAddress()] })
    const scenario = await run.started
    expect(scenario).toMatchObject({ kind: 'dial', connections: 10, close: 'fin' })
    expect((await run.result).scenario).toEqual(scenario)
  })

  it('rejects like the result when the run cannot start', async () => {
    const run = dial({ connections: 0 })
    const refusal = expect.objectContaining({ name: 'C1mError', code: 'C1M_OPTION_INVALID', exitCode: 2 })
    await expect(run.started).rejects.toEqual(refusal)
    await expect(run.result).rejects.toEqual(refusal)
  })
})

describe('run.held', () => {
  it('resolves when the hold begins, with every connection open', async () => {
    const run = dial({ connections: 500, holdMs: 600_000, source: [ownAddress()] })
    await run.held
    const { value } = await run.snapshots().next()
    expect(value).toMatchObject({ phase: 'holding', established: 500 })
    const { interrupted, events } = await run.close()
    expect(interrupted).toBe(true)
    expect(events.map(({ name }) => name)).toEqual(['dialing', 'holding', 'closing', 'done'])
  })

  it('resolves even without a hold time', async () => {
    const run = dial({ connections: 5, source: [ownAddress()] })
    await run.held
    expect(await run.result).toMatchObject({ interrupted: false })
  })

  it('rejects for a churn, and for a run that is closed during the ramp', async () => {
    const churn = dial({ connections: 2, churn: true, durationMs: 50, source: [ownAddress()] })
    await expect(churn.held).rejects.toMatchObject({ code: 'C1M_RUN_OVER' })
    expect(await churn.result).toMatchObject({ interrupted: false })
    const slow = dial({ connections: 60_000, rate: 100, source: [ownAddress()] })
    await slow.started
    slow.close()
    await expect(slow.held).rejects.toMatchObject({ code: 'C1M_RUN_OVER' })
    const { interrupted, events } = await slow.result
    expect(interrupted).toBe(true)
    expect(events.map(({ name }) => name)).toEqual(['dialing', 'closing', 'done'])
  })

  it('rejects like the result when the run cannot start, without an unhandled rejection', async () => {
    const run = dial({ connections: -1 })
    const { held } = run
    await expect(run.result).rejects.toMatchObject({ code: 'C1M_OPTION_INVALID' })
    // An unhandled rejection would be reported by now.
    await sleep(0)
    await expect(held).rejects.toMatchObject({ code: 'C1M_OPTION_INVALID' })
  })
})

describe('run.snapshots()', () => {
  it('follows the run from its first connection to its end', async () => {
    const run = dial({ connections: 400, rate: 2000, holdMs: 100, source: [ownAddress()] })
    const snapshots: Snapshot[] = []
    for await (const snapshot of run.snapshots({ everyMs: 10 })) snapshots.push(snapshot)
    const inOrder = ['dialing', 'holding', 'closing', 'done']
    const phases = snapshots.map(({ phase }) => inOrder.indexOf(phase))
    expect(phases).toEqual(phases.toSorted((a, b) => a - b))
    expect(new Set(phases).size).toBeGreaterThanOrEqual(3)
    for (const column of ['tSeconds', 'attempted'] as const) {
      const values = snapshots.map((snapshot) => snapshot[column])
      expect(values).toEqual(values.toSorted((a, b) => a - b))
    }
    expect(snapshots.find(({ phase }) => phase === 'holding')).toMatchObject({
      established: 400,
      inFlight: 0,
      failed: 0,
      errors: []
    })
    expect(snapshots.at(-1)).toMatchObject({ phase: 'done', established: 0, attempted: 400 })
    expect(Math.max(...snapshots.map(({ connectsPerSecond }) => connectsPerSecond))).toBeGreaterThan(500)
  })

  it('serves several consumers, each of which may leave', async () => {
    const run = dial({ connections: 200, rate: 1000, source: [ownAddress()] })
    const last = async () => {
      let seen: Snapshot | undefined
      for await (const snapshot of run.snapshots({ everyMs: 10 })) seen = snapshot
      return seen
    }
    const [one, two] = await Promise.all([last(), last(), begun(run)])
    expect(one).toMatchObject({ phase: 'done', attempted: 200 })
    expect(two).toMatchObject({ phase: 'done', attempted: 200 })
  })

  it('gives one snapshot of a finished run', async () => {
    const run = dial({ connections: 10, source: [ownAddress()] })
    await run.result
    const phases: string[] = []
    for await (const { phase } of run.snapshots()) phases.push(phase)
    expect(new Set(phases)).toEqual(new Set(['done']))
  })

  it('gives none when the run could not start', async () => {
    const run = dial({ targets: ['nonsense'] })
    for await (const snapshot of run.snapshots()) expect(snapshot).toBe('none')
    await expect(run.result).rejects.toMatchObject({ code: 'C1M_TARGET_INVALID' })
  })

  it('leaves no listener behind, however many consumers there are', async () => {
    const run = dial({ connections: 10, holdMs: 600_000, source: [ownAddress()] })
    const watchers = Array.from({ length: 20 }, async () => {
      for await (const { phase } of run.snapshots({ everyMs: 1 })) if (phase === 'done') return phase
      return null
    })
    const warnings: Error[] = []
    process.on('warning', (warning) => warnings.push(warning))
    await run.started
    run.close()
    expect(await Promise.all(watchers)).toEqual(Array(20).fill('done'))
    expect(warnings).toEqual([])
  })
})

describe('a run that ends early', () => {
  it('by close() gives the result so far', async () => {
    const source = ownAddress()
    const run = endless(source)
    await begun(run)
    run.close()
    run.close()
    const { connections, errors, timing } = await run.result
    expect(connections.established).toBeGreaterThan(0)
    expect(connections.attempted).toBeLessThan(60_000)
    expect(errors).toEqual([])
    expect(timing.dialSeconds).toBeLessThanOrEqual(timing.totalSeconds)
    await expectNoSockets(source)
  })

  it('by close() before it has begun opens nothing', async () => {
    await using server = await netServer(ownAddress())
    const run = dial({ targets: [server.target], connections: 5000, holdMs: 600_000 })
    run.close()
    const { connections, timing, findings, errors } = await run.result
    expect(connections).toMatchObject({ requested: 5000, attempted: 0, established: 0, peak: 0 })
    expect(timing).toMatchObject({ dialSeconds: 0, connectsPerSecond: 0 })
    expect({ findings, errors }).toEqual({ findings: [], errors: [] })
    expect(await run.started).toMatchObject({ connections: 5000 })
    expect(server.peers).toEqual([])
  })

  it('by disposal before it has begun opens nothing', async () => {
    await using server = await netServer(ownAddress())
    {
      await using _ = dial({ targets: [server.target], connections: 5000, churn: true })
    }
    expect(server.peers).toEqual([])
  })

  it('by close() while it waits for a file has no result', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'c1m-dial-'))
    const fifo = join(folder, 'fifo')
    execFileSync('mkfifo', [fifo])
    const run = dial({ targets: ['127.0.0.1:9'], send: `@${fifo}` })
    run.close()
    await expect(run.result).rejects.toMatchObject({ code: 'C1M_RUN_STOPPED' })
    await expect(run.started).rejects.toMatchObject({ code: 'C1M_RUN_STOPPED' })
    const reason = new Error('enough')
    const controller = new AbortController()
    const other = dial({ targets: ['127.0.0.1:9'], send: `@${fifo}`, signal: controller.signal })
    controller.abort(reason)
    await expect(other.result).rejects.toBe(reason)
    await expect(other.started).rejects.toBe(reason)
    expect(getEventListeners(controller.signal, 'abort')).toEqual([])
    rmSync(folder, { recursive: true })
  })

  it('by its signal gives the result, and removes its listener from the signal', async () => {
    const controller = new AbortController()
    const run = endless(ownAddress(), { signal: controller.signal })
    await begun(run)
    controller.abort()
    expect((await run.result).connections.established).toBeGreaterThan(0)
    expect(getEventListeners(controller.signal, 'abort')).toEqual([])
  })

  it('by its duration gives the result', async () => {
    const { connections, timing } = await endless(ownAddress(), { durationMs: 200 }).result
    expect(connections.established).toBeGreaterThan(0)
    expect(timing.totalSeconds).toBeGreaterThan(0.19)
    expect(connections.established).toBeLessThan(60_000)
  })

  it('by its duration during the hold reports how long it held', async () => {
    const { timing } = await dial({
      connections: 10,
      holdMs: 600_000,
      durationMs: 200,
      source: [ownAddress()]
    }).result
    expect(timing.holdSeconds).toBeGreaterThan(0.1)
    expect(timing.holdSeconds).toBeLessThan(100)
  })

  it('by disposal waits until its sockets are closed', async () => {
    const source = ownAddress()
    {
      await using run = endless(source)
      await begun(run)
    }
    await expectNoSockets(source)
  })
})

describe('the signal of a run', () => {
  it('rejects the run with its reason when it was aborted before', async () => {
    const reason = new Error('not today')
    const run = dial({ connections: 10, signal: AbortSignal.abort(reason) })
    await expect(run.result).rejects.toBe(reason)
    await expect(run.started).rejects.toBe(reason)
  })

  it('has no listener left once the run has ended', async () => {
    const { signal } = new AbortController()
    await dial({ connections: 10, source: [ownAddress()], signal }).result
    expect(getEventListeners(signal, 'abort')).toEqual([])
  })
})

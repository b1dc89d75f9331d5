/** Connections that are opened and closed, and the sockets they leave in the kernel. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { dial } from '../../lib/dial/dial.js'
import { listen } from '../../lib/listen/listen.js'
import type { DialOptions } from '../../lib/scenario/options.js'
import { childServer } from '../helpers/child_server.js'
import { expectNoSockets, freePort, ownAddress, socketsAt } from '../helpers/loopback.js'
import { resultOf } from '../helpers/node_script.js'

const inTimeWait = (address: string) => socketsAt(address).filter(({ state }) => state === 'TIME-WAIT')

/** Above tcp_max_tw_buckets, which other processes may fill too, the kernel keeps no TIME_WAIT. */
function hasRoomForTimeWaits(): boolean {
  const read = (path: string) => readFileSync(path, 'utf8')
  const most = Number(read('/proc/sys/net/ipv4/tcp_max_tw_buckets'))
  const [, now] = /^TCP: .* tw (\d+)/m.exec(read('/proc/net/sockstat')) ?? []
  return most - Number(now) > 2000
}

/** A short churn with a listener of this process; its own source address shows the sockets that remain. */
async function churnWith(mode: 'echo' | 'close-first', close: 'fin' | 'rst', options: DialOptions) {
  await using server = await listen({ targets: [`${ownAddress()}:0`], mode, close, workers: 1 })
  const [target = ''] = server.targets
  const address = target.split(':')[0] as string
  const source = ownAddress()
  const run = dial({
    targets: [target],
    source: [source],
    connections: 8,
    rate: 500,
    churn: true,
    durationMs: 600,
    ...options
  })
  const result = await run.result
  return { result, accepted: (await server.close()).accepted, target, address, source }
}

describe('a churn (dial --churn)', () => {
  it('opens, exchanges data, closes and replaces connections at the rate asked for', async () => {
    const { result, accepted, source } = await churnWith('echo', 'fin', { messageSize: 1 })
    const { connections, exchange, churn, timing, errors } = result
    expect(errors).toEqual([])
    expect(churn?.transactions).toBeGreaterThan(250)
    expect(churn?.transactions).toBeLessThanOrEqual(500 * timing.dialSeconds + 8)
    expect(churn?.transactionsPerSecond).toBeCloseTo((churn?.transactions ?? 0) / timing.dialSeconds, 6)
    expect(exchange?.completed).toBe(churn?.transactions)
    expect(connections).toMatchObject({ requested: 8, failed: 0, closedByPeer: 0 })
    expect(connections.peak).toBeLessThanOrEqual(8)
    expect(accepted).toBe(connections.established)
    expect(timing.dialSeconds).toBeGreaterThan(0.59)
    expect(timing.holdSeconds).toBe(0)
    expect(result.pacing).not.toBeNull()
    expect(churn?.tupleRestSeconds).toBeNull()
    await expectNoSockets(source)
  })

  it('leaves a TIME_WAIT on this side for each connection it closes with FIN', async ({ skip }) => {
    skip(!hasRoomForTimeWaits(), 'this namespace has no room for more TIME_WAITs')
    const { result, source } = await churnWith('echo', 'fin', { messageSize: 1 })
    const rests = inTimeWait(source)
    expect(rests.filter(({ local }) => local.startsWith(`${source}:`)).length).toBeGreaterThan(200)
    const { before, peak, after } = result.churn?.timeWait ?? {}
    expect(peak).toBeGreaterThanOrEqual((after ?? 0) - 100)
    expect(after).toBeGreaterThan(0)
    expect(before).toBeGreaterThanOrEqual(0)
  })

  it('leaves no TIME_WAIT when it closes with RST', async () => {
    const { result, source } = await churnWith('echo', 'fin', { messageSize: 1, close: 'rst' })
    expect(result.churn?.transactions).toBeGreaterThan(250)
    expect(inTimeWait(source)).toEqual([])
  })

  it('leaves the TIME_WAIT at the peer when the peer closes first', async ({ skip }) => {
    skip(!hasRoomForTimeWaits(), 'this namespace has no room for more TIME_WAITs')
    const { result, source, target } = await churnWith('close-first', 'fin', { closeBy: 'server' })
    expect(result.errors).toEqual([])
    expect(result.exchange).toBeNull()
    expect(result.churn?.transactions).toBeGreaterThan(250)
    expect(result.connections.closedByPeer).toBe(0)
    const rests = inTimeWait(source)
    expect(rests.length).toBeGreaterThan(200)
    // The run itself closed the connections that were open at its end.
    const open = result.connections.established - (result.churn?.transactions ?? 0)
    expect(rests.filter(({ local }) => local !== target).length).toBeLessThanOrEqual(open)
  })

  it('accepts a reset by the peer as its close', async () => {
    const { result, source } = await churnWith('close-first', 'rst', { closeBy: 'server' })
    expect(result.churn?.transactions).toBeGreaterThan(200)
    expect(result.errors).toEqual([])
    expect(inTimeWait(source)).toEqual([])
  })

  it('waits for the close of the peer as long as for an answer', async () => {
    const { result } = await churnWith('echo', 'fin', {
      closeBy: 'server',
      messageSize: 1,
      exchangeTimeoutMs: 100
    })
    expect(result.churn?.transactions).toBe(0)
    expect(result.errors).toEqual([expect.objectContaining({ phase: 'exchange', code: 'ETIMEDOUT' })])
  })

  it('without a target dials its own listener, and leaves no socket', async () => {
    const source = ownAddress()
    for (const options of [{}, { messageSize: 1 }] satisfies DialOptions[]) {
      const { churn, errors, connections } = await dial({
        source: [source],
        connections: 16,
        churn: true,
        durationMs: 300,
        ...options
      }).result
      expect(errors).toEqual([])
      expect(connections.failed).toBe(0)
      expect(churn?.transactions).toBeGreaterThan(100)
    }
    await expectNoSockets(source)
  })

  it('without a target can let its own listener close first', async ({ skip }) => {
    skip(!hasRoomForTimeWaits(), 'this namespace has no room for more TIME_WAITs')
    const source = ownAddress()
    const { churn, errors } = await dial({
      source: [source],
      connections: 16,
      rate: 500,
      churn: true,
      closeBy: 'server',
      durationMs: 400
    }).result
    expect(errors).toEqual([])
    expect(churn?.transactions).toBeGreaterThan(150)
    const rests = inTimeWait(source)
    expect(rests.length).toBeGreaterThan(90)
    expect(rests.filter(({ peer }) => !peer.startsWith(`${source}:`))).toEqual([])
  })

  it('uses its tuples in turn, and reports how long each rested', async () => {
    const { result } = await churnWith('echo', 'fin', {
      messageSize: 1,
      close: 'rst',
      sourcePorts: '20000-20099'
    })
    expect(result.errors).toEqual([])
    const { transactions = 0, tupleRestSeconds } = result.churn ?? {}
    expect(transactions).toBeGreaterThan(250)
    // A hundred tuples at 500/s.
    expect(tupleRestSeconds).toBeGreaterThan(0.1)
    expect(tupleRestSeconds).toBeLessThan(0.25)
  })

  it('reuses a tuple that is in TIME_WAIT', async ({ skip }) => {
    skip(!hasRoomForTimeWaits(), 'this namespace has no room for more TIME_WAITs')
    const { result, source } = await churnWith('echo', 'fin', { messageSize: 1, sourcePorts: '20000-20019' })
    expect(result.errors).toEqual([])
    expect(result.churn?.transactions).toBeGreaterThan(250)
    expect(result.churn?.tupleRestSeconds).toBeLessThan(0.1)
    const rests = inTimeWait(source).length
    expect(rests).toBeGreaterThan(10)
    expect(rests).toBeLessThanOrEqual(20)
  })

  it('reports the shortage when all its tuples are in use', async () => {
    await using server = await listen({ targets: [`${ownAddress()}:0`], workers: 1 })
    const tuples = {
      targets: server.targets,
      source: [ownAddress()],
      sourcePorts: '20000-20019',
      connections: 20
    }
    await using holder = dial({ ...tuples, holdMs: 60_000 })
    for await (const { established } of holder.snapshots({ everyMs: 5 })) if (established === 20) break
    const { churn, errors, connections } = await dial({ ...tuples, churn: true, durationMs: 300 }).result
    expect(churn?.transactions).toBe(0)
    expect(errors).toEqual([expect.objectContaining({ phase: 'connect', code: 'EADDRNOTAVAIL' })])
    expect(connections.skippedPorts).toBeGreaterThan(19)
    expect(connections.failed).toBeGreaterThan(0)
  })

  it('continues against a server that refuses, and ends on time', async () => {
    const address = ownAddress()
    const { churn, errors, connections, timing } = await dial({
      targets: [`${address}:${await freePort(address)}`],
      source: [ownAddress()],
      connections: 4,
      rate: 200,
      churn: true,
      durationMs: 500
    }).result
    expect(churn?.transactions).toBe(0)
    expect(connections.failed).toBeGreaterThan(50)
    expect(errors).toEqual([expect.objectContaining({ phase: 'connect', code: 'ECONNREFUSED' })])
    expect(timing.totalSeconds).toBeLessThan(5)
  })

  it('replaces connections whose exchange failed', async () => {
    await using server = await childServer(ownAddress(), (socket, index) => {
      socket.once('data', () => (index % 2 ? socket.end('yes') : socket.end('no')))
    })
    const { churn, exchange, errors } = await dial({
      targets: [server.target],
      source: [ownAddress()],
      connections: 4,
      rate: 400,
      churn: true,
      durationMs: 500,
      send: '?',
      expect: 'yes'
    }).result
    expect(churn?.transactions).toBeGreaterThan(60)
    expect(exchange?.failed).toBeGreaterThan(60)
    expect(errors).toEqual([expect.objectContaining({ phase: 'exchange', code: 'EBADMSG' })])
  })

  it('stays in the dialing phase until its time is over', async () => {
    const run = dial({ connections: 4, source: [ownAddress()], churn: true, durationMs: 300, messageSize: 1 })
    const phases = new Set<string>()
    let last = 0
    for await (const { phase, transactions, exchanges } of run.snapshots({ everyMs: 20 })) {
      phases.add(phase)
      expect(transactions).toBeGreaterThanOrEqual(last)
      expect(exchanges).toBeGreaterThanOrEqual(transactions)
      last = transactions
    }
    expect([...phases].filter((phase) => phase !== 'closing')).toEqual(['dialing', 'done'])
    expect(last).toBe((await run.result).churn?.transactions)
  })

  it('opens all its connections at once, however small the descriptor tables', async () => {
    await using server = await childServer(ownAddress(), (socket) => {
      socket.resume()
    })
    const options = {
      targets: [server.target],
      source: [ownAddress()],
      connections: 1000,
      workers: 1,
      churn: true,
      durationMs: 60_000,
      messageSize: 1,
      exchangeTimeoutMs: 60_000
    }
    const script = `
      const run = c1m.dial(${JSON.stringify(options)})
      for await (const { established } of run.snapshots({ everyMs: 20 })) if (established === 1000) break
      const { connections, process: { tables } } = await run.close()
      console.log(JSON.stringify({ ...connections, tables }))`
    expect(await resultOf(script, { under: ['prlimit', '--nofile=256'] })).toMatchObject({
      peak: 1000,
      failed: 0,
      tables: 5
    })
  })

  it('whose every exchange fails slows down, ends early, and says so', async () => {
    await using server = await childServer(ownAddress(), (socket) => {
      socket.end('no')
    })
    const began = performance.now()
    const { churn, exchange, timing, findings } = await dial({
      ...failing(server.target),
      durationMs: 60_000
    }).result
    expect(performance.now() - began).toBeLessThan(30_000)
    expect(churn).toMatchObject({ transactions: 0, endedEarly: true })
    expect(timing.dialSeconds).toBeGreaterThan(2.9)
    // Each worker starts a hundred at full speed, then one every ten milliseconds.
    expect(exchange?.failed).toBeLessThan(4 * (110 + timing.dialSeconds * 100))
    expect(findings).toMatchObject([{ id: 'wrong-answer', severity: 'critical' }])
  })

  it('whose every exchange fails runs for its full duration with keepGoing', async () => {
    await using server = await childServer(ownAddress(), (socket) => {
      socket.end('no')
    })
    const { churn, timing } = await dial({
      ...failing(server.target),
      keepGoing: true,
      durationMs: 3500
    }).result
    expect(churn).toMatchObject({ transactions: 0, endedEarly: false })
    expect(timing.dialSeconds).toBeGreaterThan(3.4)
  })

  it('continues as long as some of its exchanges succeed', async () => {
    await using server = await childServer(ownAddress(), (socket, index) => {
      socket.end(index % 50 === 0 ? 'yes' : 'no')
    })
    const { churn, timing } = await dial({ ...failing(server.target), rate: 400, durationMs: 4000 }).result
    expect(churn?.transactions).toBeGreaterThan(0)
    expect(churn?.endedEarly).toBe(false)
    expect(timing.dialSeconds).toBeGreaterThan(3.9)
  })
})

/** A churn that expects another answer than it gets. */
function failing(target: string): DialOptions {
  return {
    targets: [target],
    source: [ownAddress()],
    connections: 8,
    workers: 2,
    churn: true,
    close: 'rst',
    send: '?',
    expect: 'yes'
  }
}

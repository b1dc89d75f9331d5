/** Exchanges with servers that answer, and with servers that misbehave: each failure has its own code, and none hangs. */
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { dial } from '../../lib/dial/dial.js'
import type { Snapshot } from '../../lib/dial/snapshot.js'
import type { RunResult } from '../../lib/result/result.js'
import type { DialOptions } from '../../lib/scenario/options.js'
import { ending, startCli } from '../cli/run_cli.js'
import { childServer } from '../helpers/child_server.js'
import { ownAddress } from '../helpers/loopback.js'

/** Dials `target` with two hundred connections, each of which sends a request and waits for the answer. */
function ask(target: string, options: DialOptions = {}) {
  return dial({ targets: [target], source: [ownAddress()], connections: 200, send: 'ask\\n', ...options })
    .result
}

const answers = { connections: { established: 200, failed: 0 }, errors: [] }

describe('an expected answer', () => {
  it('is read before the connection is closed', async () => {
    await using server = await childServer(ownAddress(), (socket) => {
      socket.on('data', () => setTimeout(() => socket.write('answer\n'), 150))
    })
    const result = await ask(server.target, { expect: 'answer' })
    expect(result).toMatchObject(answers)
    expect(result.exchange).toMatchObject({ completed: 200, failed: 0, bytesSent: 800, bytesReceived: 1400 })
    expect(result.exchangeLatency).toMatchObject({ unit: 'us', count: 200 })
    expect(result.exchangeLatency?.p50).toBeGreaterThan(149_000)
    expect(result.timing.dialSeconds).toBeGreaterThan(0.149)
  })

  it('may arrive byte by byte', async () => {
    await using server = await childServer(ownAddress(), (socket) => {
      socket.setNoDelay()
      socket.once('data', () => {
        const bytes = [...'HTTP/1.1 200 OK\r\n\r\n']
        const timer = setInterval(() => {
          const byte = bytes.shift()
          if (byte) socket.write(byte)
          else clearInterval(timer)
        }, 1)
      })
    })
    const result = await ask(server.target, { expect: 'HTTP/1.1 200 OK\\r\\n\\r\\n' })
    expect(result).toMatchObject(answers)
    expect(result.exchange).toMatchObject({ completed: 200, bytesReceived: 200 * 19 })
  })

  it('may be counted instead of compared, and may arrive while the dial still sends', async () => {
    await using server = await childServer(ownAddress(), (socket) => {
      socket.pipe(socket)
    })
    const messageSize = 8 * 2 ** 20
    const { errors, exchange } = await dial({
      targets: [server.target],
      source: [ownAddress()],
      connections: 4,
      messageSize,
      exchangeTimeoutMs: 60_000
    }).result
    expect(errors).toEqual([])
    const bytes = 4 * messageSize
    expect(exchange).toMatchObject({ completed: 4, failed: 0, bytesSent: bytes, bytesReceived: bytes })
  })

  it('may arrive without a request', async () => {
    await using server = await childServer(ownAddress(), (socket) => {
      socket.write('220 mail.example ESMTP\r\n')
    })
    const { errors, exchange } = await dial({
      targets: [server.target],
      source: [ownAddress()],
      connections: 200,
      expect: '220 '
    }).result
    expect(errors).toEqual([])
    expect(exchange).toMatchObject({ completed: 200, bytesSent: 0 })
  })

  it('is not waited for when none is expected', async () => {
    await using server = await childServer(ownAddress(), (socket) => {
      socket.resume()
    })
    const { exchange, exchangeLatency } = await ask(server.target)
    expect(exchange).toMatchObject({ completed: 200, failed: 0, bytesSent: 800, bytesReceived: 0 })
    expect(exchangeLatency).toBeNull()
  })
})

type Way = [string, string, Parameters<typeof childServer>[1]]

describe('a server', () => {
  it.each<Way>([
    ['answers something else', 'EBADMSG', (socket) => socket.once('data', () => socket.write('no\n'))],
    [
      'answers the beginning and then something else',
      'EBADMSG',
      (socket) =>
        socket.once('data', () => {
          socket.write('ye')
          setTimeout(() => socket.write('ah'), 20)
        })
    ],
    ['closes instead', 'ENODATA', (socket) => socket.once('data', () => socket.end())],
    [
      'closes in the middle of its answer',
      'ENODATA',
      (socket) => socket.once('data', () => socket.end('ye'))
    ],
    ['resets instead', 'ECONNRESET', (socket) => socket.once('data', () => socket.resetAndDestroy())],
    ['never answers', 'ETIMEDOUT', (socket) => socket.resume()],
    ['never reads', 'ETIMEDOUT', () => {}],
    [
      'answers too late',
      'ETIMEDOUT',
      (socket) => socket.once('data', () => setTimeout(() => socket.write('yes\n'), 3000))
    ]
  ])('that %s is reported as %s', async (_, code, serve) => {
    await using server = await childServer(ownAddress(), serve)
    const result = await ask(server.target, { expect: 'yes', exchangeTimeoutMs: 500, holdMs: 60_000 })
    expect(result.errors).toEqual([
      { phase: 'exchange', code, count: 200, example: expect.stringContaining(` > ${server.target}`) }
    ])
    expect(result.connections).toMatchObject({ established: 200, failed: 0 })
    expect(result.exchange).toMatchObject({ completed: 0, failed: 200 })
    // All connections are gone, so there was nothing to hold.
    expect(result.timing.holdSeconds).toBeLessThan(10)
  })

  it('that fails in all these ways gets each failure counted under its own code', async () => {
    await using server = await childServer(ownAddress(), (socket, index) => {
      const ways = [
        () => socket.write('yes\n'),
        () => setTimeout(() => socket.write('yes\n'), 100),
        () => socket.write('no\n'),
        () => socket.end(),
        () => socket.resetAndDestroy(),
        () => {}
      ]
      socket.once('data', ways[index % ways.length] as () => void)
    })
    const result = await ask(server.target, { connections: 600, expect: 'yes\\n', exchangeTimeoutMs: 1000 })
    const counts = result.errors.map(({ phase, code, count }) => [`${phase} ${code}`, count])
    expect(Object.fromEntries(counts)).toEqual({
      'exchange EBADMSG': 100,
      'exchange ENODATA': 100,
      'exchange ECONNRESET': 100,
      'exchange ETIMEDOUT': 100
    })
    expect(result.exchange).toMatchObject({ completed: 200, failed: 400 })
    expect(result.connections).toMatchObject({ established: 600, failed: 0, closedByPeer: 200 })
  })

  it('that floods the dial costs no memory and delays no heartbeat', async () => {
    await using server = await childServer(ownAddress(), (socket) => {
      const flood = Buffer.alloc(65_536, 'x')
      // A connection that is read as fast as it is filled must not starve the others.
      const pour = () => {
        if (socket.write(flood)) setImmediate(pour)
      }
      socket.on('drain', pour).resume()
      pour()
    })
    const run = dial({
      targets: [server.target],
      source: [ownAddress()],
      connections: 50,
      send: '?',
      expectBytes: 1,
      everyMs: 100,
      holdMs: 3000
    })
    const resident: number[] = []
    for await (const { phase } of run.snapshots({ everyMs: 100 })) {
      if (phase === 'holding') resident.push(process.memoryUsage().rss)
    }
    const { errors, exchange } = await run.result
    expect(errors).toEqual([])
    expect(exchange?.bytesReceived).toBeGreaterThan(2 ** 27)
    expect(exchange?.completed).toBeGreaterThan(50 * 3)
    const [first = 0] = resident
    expect(Math.max(...resident) - first).toBeLessThan(2 ** 24)
  })
})

describe('heartbeats', () => {
  it('are sent once per period on each connection', async () => {
    await using server = await childServer(ownAddress(), (socket) => {
      socket.pipe(socket)
    })
    const result = await ask(server.target, { expect: 'ask\\n', everyMs: 200, holdMs: 2000 })
    expect(result).toMatchObject(answers)
    // One at the beginning of each connection, then one per period.
    expect(result.exchange?.completed).toBeGreaterThanOrEqual(200 * 9)
    expect(result.exchange?.completed).toBeLessThanOrEqual(200 * 12)
    expect(result.exchangeLatency?.count).toBeGreaterThanOrEqual(result.exchange?.completed ?? 0)
  })

  it('count a late answer in the latency of each period that it delayed', async () => {
    await using server = await childServer(ownAddress(), (socket) => {
      let asked = 0
      socket.on('data', () => {
        if (asked++ === 1) setTimeout(() => socket.write('.'), 1000)
        else socket.write('.')
      })
    })
    const { exchange, exchangeLatency, errors } = await ask(server.target, {
      connections: 10,
      expectBytes: 1,
      everyMs: 50,
      holdMs: 2500
    })
    expect(errors).toEqual([])
    // A second of silence is one slow answer on each connection, and 19 heartbeats that were due in the meantime.
    expect((exchangeLatency?.count ?? 0) - (exchange?.completed ?? 0)).toBeGreaterThanOrEqual(10 * 18)
    expect(exchangeLatency?.max).toBeGreaterThan(999_000)
    expect(exchangeLatency?.p90).toBeGreaterThan(300_000)
  })

  it('do not blame the server when the dialing process was paused', async () => {
    await using server = await childServer(ownAddress(), (socket) => {
      socket.pipe(socket)
    })
    const args = ['-c', '300', '-s', ownAddress(), '--send', 'ask', '--expect', 'ask', '--every', '100ms']
    const child = startCli([
      ...['dial', server.target, ...args],
      ...['--exchange-timeout', '300ms', '--hold', '4s', '--ndjson']
    ])
    const ended = ending(child)
    for await (const line of createInterface({ input: child.stdout as NodeJS.ReadableStream })) {
      if ((JSON.parse(line) as Snapshot).phase === 'holding') break
    }
    child.kill('SIGSTOP')
    await delay(1000)
    child.kill('SIGCONT')
    const { code, stdout } = await ended
    const { errors, exchange, exchangeLatency } = JSON.parse(
      stdout.trimEnd().split('\n').at(-1) ?? ''
    ) as RunResult
    expect({ code, errors }).toEqual({ code: 0, errors: [] })
    expect(exchange?.completed).toBeGreaterThan(300 * 10)
    // The pause is reported all the same: these messages were due, and were not sent.
    expect(exchangeLatency?.max).toBeGreaterThan(140_000)
  })

  it('detect a server that has closed', async () => {
    await using server = await childServer(ownAddress(), (socket) => {
      let asked = 0
      socket.on('data', () => (asked++ < 3 ? socket.write('.') : socket.end()))
    })
    const { errors, connections, timing } = await ask(server.target, {
      expectBytes: 1,
      everyMs: 100,
      holdMs: 60_000
    })
    expect(errors).toEqual([expect.objectContaining({ phase: 'exchange', code: 'ENODATA', count: 200 })])
    expect(connections).toMatchObject({ closedByPeer: 200 })
    expect(timing.holdSeconds).toBeLessThan(10)
  })
})

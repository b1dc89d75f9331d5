import type { Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { dial } from '../../lib/dial/dial.js'
import { listen } from '../../lib/listen/listen.js'
import { dialIn, listenIn } from '../helpers/causes.js'
import { expectNoSockets, ownAddress, socketsAt } from '../helpers/loopback.js'
import { mayMakeNamespaces, Namespace } from '../helpers/namespace.js'
import { netServer } from '../helpers/servers.js'

describe('connections that the peer closes during the hold', () => {
  it('with FIN are counted, and the hold ends with the last of them', async () => {
    await using server = await netServer(ownAddress(), () => {
      if (server.sockets.size === 500) for (const each of server.sockets) each.end()
    })
    const { connections, errors, timing } = await dial({
      targets: [server.target],
      connections: 500,
      holdMs: 600_000,
      source: [ownAddress()]
    }).result
    expect(connections).toMatchObject({ established: 500, failed: 0, closedByPeer: 500 })
    expect(errors).toEqual([])
    expect(timing.holdSeconds).toBeLessThan(100)
  })

  it('with RST are counted as errors with their code', async () => {
    await using server = await netServer(ownAddress(), () => {
      if (server.sockets.size === 500) for (const each of server.sockets) each.resetAndDestroy()
    })
    const { connections, errors } = await dial({
      targets: [server.target],
      connections: 500,
      holdMs: 600_000,
      source: [ownAddress()]
    }).result
    expect(connections).toMatchObject({ established: 500, failed: 0, closedByPeer: 500 })
    expect(errors).toEqual([
      {
        phase: 'hold',
        code: 'ECONNRESET',
        count: 500,
        example: expect.stringMatching(new RegExp(`^127\\.[\\d.]+:\\d+ > ${server.target}$`))
      }
    ])
  })

  it('are counted while the others stay open', async () => {
    const ended = new Set<Socket>()
    await using server = await netServer(ownAddress(), (socket) => {
      if (server.peers.length % 2 === 0) return
      ended.add(socket)
      socket.end()
    })
    const run = dial({ targets: [server.target], connections: 400, holdMs: 600_000, source: [ownAddress()] })
    for await (const { closedByPeer } of run.snapshots({ everyMs: 5 })) {
      if (server.peers.length === 400 && closedByPeer === ended.size) break
    }
    const { connections } = await run.close()
    expect(connections).toMatchObject({ established: 400, closedByPeer: 200 })
  })

  it('are counted even if the peer sent data before', async () => {
    await using server = await netServer(ownAddress(), (socket) => socket.end(Buffer.alloc(100_000)))
    const { connections, errors } = await dial({
      targets: [server.target],
      connections: 100,
      holdMs: 600_000,
      source: [ownAddress()]
    }).result
    expect(connections).toMatchObject({ established: 100, closedByPeer: 100 })
    expect(errors).toEqual([])
  })

  it('are counted when the server process dies', async () => {
    const address = ownAddress()
    const server = await netServer(address)
    const run = dial({ targets: [server.target], connections: 300, holdMs: 600_000, source: [ownAddress()] })
    for await (const { phase } of run.snapshots({ everyMs: 5 })) if (phase === 'holding') break
    await server.close()
    expect((await run.result).connections).toMatchObject({ established: 300, closedByPeer: 300 })
  })
})

describe('connections that the dial closes', () => {
  it('with FIN leave no TIME_WAIT at the server', async () => {
    const source = ownAddress()
    const ends: string[] = []
    await using server = await netServer(ownAddress(), (socket) => {
      socket.on('end', () => ends.push('FIN')).on('error', () => ends.push('RST'))
    })
    await dial({ targets: [server.target], connections: 200, holdMs: 1, close: 'fin', source: [source] })
      .result
    await expect.poll(() => ends.length).toBe(200)
    expect(new Set(ends)).toEqual(new Set(['FIN']))
    await expectNoSockets(source)
    const waiting = socketsAt(source).filter(({ state }) => state === 'TIME-WAIT')
    expect(waiting.filter(({ local }) => !local.startsWith(`${source}:`))).toEqual([])
  })

  it.skipIf(!mayMakeNamespaces)(
    'with FIN leave a TIME_WAIT each at the dial (skipped without root)',
    async () => {
      using host = await Namespace.create()
      // A late ACK from another CPU is answered by the TIME_WAIT, and the RST to that answer would remove it (RFC 1337).
      host.run('sysctl', '-q', '-w', 'net.ipv4.tcp_rfc1337=1')
      await using _server = await listenIn(host, '127.0.0.2:8100')
      const { connections } = await dialIn(
        host,
        ...['127.0.0.2:8100', '-s', '127.0.0.1', '-c', '200', '--hold', '1ms', '--close', 'fin']
      )
      expect(connections).toMatchObject({ established: 200, failed: 0 })
      const waiting = (...filter: string[]) =>
        host.run('ss', '-Htan', 'state', 'time-wait', ...filter).split('\n').length - 1
      await expect.poll(() => waiting('dport = :8100'), { timeout: 5000 }).toBe(200)
      expect(waiting()).toBe(200)
    }
  )

  it('with RST leave no TIME_WAIT at either end', async () => {
    const source = ownAddress()
    const ends: string[] = []
    await using server = await netServer(ownAddress(), (socket) => {
      socket.on('end', () => ends.push('FIN')).on('error', () => ends.push('RST'))
    })
    await dial({ targets: [server.target], connections: 200, holdMs: 1, close: 'rst', source: [source] })
      .result
    await expect.poll(() => ends.length).toBe(200)
    expect(new Set(ends)).toEqual(new Set(['RST']))
    expect(socketsAt(source)).toEqual([])
  })
})

describe('one abort signal for a dial and its listener', () => {
  it.each<[string, Parameters<typeof dial>[0], Parameters<typeof listen>[0]]>([
    ['that holds', { connections: 5000, holdMs: 600_000 }, {}],
    ['that holds, with a listener that resets', { connections: 2000, holdMs: 600_000 }, { close: 'rst' }],
    ['that is still ramping', { connections: 60_000, rate: 5000 }, {}],
    [
      'that exchanges messages',
      { connections: 500, send: 'hi', expectBytes: 2, everyMs: 50, holdMs: 600_000 },
      { mode: 'echo' }
    ],
    [
      'that churns',
      { connections: 50, churn: true, rate: 2000, send: 'hi', expectBytes: 2 },
      { mode: 'echo' }
    ]
  ])('ends a run %s, without blaming the peer', async (_, dialed, listened) => {
    const both = new AbortController()
    const { signal } = both
    const server = await listen({ ...listened, targets: [`${ownAddress()}:0`], signal })
    const run = dial({ ...dialed, targets: server.targets, source: [ownAddress()], signal })
    for await (const { phase, attempted, transactions, exchanges } of run.snapshots({ everyMs: 5 }))
      if (phase === 'holding' ? dialed?.everyMs === undefined || exchanges > 1000 : transactions > 200) break
      else if (dialed?.rate === 5000 && attempted > 2000) break
    both.abort()
    const { connections, errors, findings } = await run.result
    await server.result
    expect(connections).toMatchObject({ failed: 0, closedByPeer: 0 })
    expect(errors).toEqual([])
    // On a busy machine other tests may have filled the TIME_WAIT table, which is a finding.
    const ofTheMachine = ['time-wait-overflow', 'dialer-saturated']
    expect(findings.filter(({ id }) => !ofTheMachine.includes(id))).toEqual([])
  })
})

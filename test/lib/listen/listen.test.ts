import { getEventListeners, once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { describe, expect, it } from 'vitest'
import { dial } from '../../../lib/dial/dial.js'
import { type ListenServer, type ListenSnapshot, listen } from '../../../lib/listen/listen.js'
import { expectNoSockets, freePort, ownAddress, socketsAt, timeWaitsLost } from '../../helpers/loopback.js'

/** A connection to the first port of `server`. */
async function connected({ targets }: ListenServer): Promise<Socket> {
  const [, host = '', port] = /^\[?(.*?)\]?:(\d+)$/.exec(targets[0] ?? '') ?? []
  // With its own source address, so that it gets a port even while another program has bound all of them.
  const socket = connect({ host, port: Number(port), localAddress: ownAddress() })
  await once(socket, 'connect')
  return socket
}

/** The first snapshot that satisfies the condition. */
async function until(
  server: ListenServer,
  reached: (snapshot: ListenSnapshot) => boolean
): Promise<ListenSnapshot> {
  for await (const snapshot of server.snapshots({ everyMs: 2 })) if (reached(snapshot)) return snapshot
  throw new Error('the listener was closed before')
}

describe('listen', () => {
  it('reports the port the kernel chose, and counts connections that open and close', async () => {
    const address = ownAddress()
    const server = await listen({ targets: [`${address}:0`] })
    expect(server.targets).toEqual([expect.stringMatching(new RegExp(`^${address}:[1-9]\\d+$`))])
    const run = dial({ targets: server.targets, connections: 3000, holdMs: 600_000, source: [address] })
    expect(await until(server, ({ open }) => open === 3000)).toMatchObject({
      accepted: 3000,
      closedByPeer: 0,
      failed: 0
    })
    await run.close()
    await until(server, ({ open }) => open === 0)
    const result = await server.close()
    expect(result).toMatchObject({
      schema: 'c1m-native/listen-result@1',
      accepted: 3000,
      peak: 3000,
      closedByPeer: 3000,
      errors: [],
      process: { workers: expect.any(Number), privateTables: expect.any(Boolean) }
    })
    expect(new Date(result.startedAt).getTime()).toBeLessThanOrEqual(Date.now())
    await expectNoSockets(address)
  })

  it('reports the peak of open connections and the total, without any snapshot', async () => {
    const server = await listen({ targets: [`${ownAddress()}:0`], workers: 2, mode: 'echo' })
    // Each connection was answered, and so accepted, before the first is closed.
    const { connections } = await dial({
      targets: server.targets,
      connections: 500,
      source: [ownAddress()],
      send: 'x',
      expectBytes: 1
    }).result
    expect(connections).toMatchObject({ established: 500, peak: 500 })
    expect(await server.close()).toMatchObject({
      accepted: 500,
      peak: 500,
      bytesReceived: 500,
      bytesSent: 500
    })
  })

  it('listens on loopback by default', async () => {
    await using server = await listen()
    expect(server.targets).toEqual([expect.stringMatching(/^127\.0\.0\.1:[1-9]\d+$/)])
    ;(await connected(server)).destroy()
  })

  it('listens on IPv6', async ({ skip }) => {
    const server = await listen({ targets: ['[::1]:0'] }).catch(() => null)
    if (!server) return skip('this host has no ::1')
    expect(server.targets).toEqual([expect.stringMatching(/^\[::1\]:[1-9]\d+$/)])
    const { connections } = await dial({ targets: server.targets, connections: 100 }).result
    expect(connections.established).toBe(100)
    await server.close()
  })

  it.each([1, 3])('accepts on every port of a range with %i workers', async (workers) => {
    const address = ownAddress()
    const first = await freePort(address)
    await using server = await listen({ targets: [`${address}:${first}-${first + 4}`], workers })
    expect(server.targets).toEqual([0, 1, 2, 3, 4].map((i) => `${address}:${first + i}`))
    const { connections } = await dial({ targets: server.targets, connections: 1000, source: [ownAddress()] })
      .result
    expect(connections).toMatchObject({ established: 1000, failed: 0 })
    await until(server, ({ accepted }) => accepted === 1000)
  })

  it('spreads one port over all workers without losing a connection', async () => {
    await using server = await listen({ targets: [`${ownAddress()}:0`], workers: 4 })
    const run = dial({ targets: server.targets, connections: 4000, holdMs: 600_000, source: [ownAddress()] })
    await until(server, ({ open }) => open === 4000)
    await run[Symbol.asyncDispose]()
  })

  it('gives each consumer its own rate', async () => {
    await using server = await listen({ targets: [`${ownAddress()}:0`] })
    const watchers = [server.snapshots({ everyMs: 5 }), server.snapshots({ everyMs: 5 })]
    for (const watcher of watchers) await watcher.next()
    await dial({ targets: server.targets, connections: 1000, source: [ownAddress()] }).result
    await until(server, ({ accepted }) => accepted === 1000)
    for (const watcher of watchers) expect((await watcher.next()).value.acceptsPerSecond).toBeGreaterThan(0)
  })

  it('discards the data it receives, and counts the bytes', async () => {
    await using server = await listen({ targets: [`${ownAddress()}:0`] })
    const socket = await connected(server)
    socket.end(Buffer.alloc(1_000_000))
    expect(await buffer(socket)).toHaveLength(0)
    expect(await until(server, ({ closedByPeer }) => closedByPeer === 1)).toMatchObject({
      bytesReceived: 1_000_000,
      bytesSent: 0,
      open: 0
    })
  })

  it('sends data back, also to a peer that reads later', async () => {
    await using server = await listen({ targets: [`${ownAddress()}:0`], mode: 'echo' })
    const socket = await connected(server)
    socket.pause()
    const sent = Buffer.alloc(20_000_000, 'a quick brown fox ')
    const written = new Promise((resolve) => socket.write(sent, resolve))
    // The peer accepts no more data once the buffers of both ends are full.
    await until(server, ({ bytesSent, tSeconds }) => bytesSent > 100_000 || tSeconds > 10)
    const chunks: Buffer[] = []
    let received = 0
    for await (const chunk of socket as AsyncIterable<Buffer>) {
      chunks.push(chunk)
      received += chunk.length
      if (received === sent.length) break
    }
    await written
    expect(Buffer.concat(chunks).equals(sent)).toBe(true)
    expect(await until(server, ({ open }) => open === 0)).toMatchObject({
      bytesReceived: sent.length,
      bytesSent: sent.length
    })
  })

  it('closes first when the mode says so', async ({ skip }) => {
    const lostBefore = timeWaitsLost()
    const address = ownAddress()
    await using server = await listen({ targets: [`${address}:0`], mode: 'close-first' })
    for (let i = 0; i < 20; i += 1) await once((await connected(server)).resume(), 'close')
    await expectNoSockets(address, 'LISTEN')
    const lost = timeWaitsLost() - lostBefore
    skip(lost > 0, 'somebody fills the TIME_WAIT table of this host (tcp_max_tw_buckets)')
    // The end that closes first keeps the TIME_WAIT. A few may be gone: an RST in reply to the ACK of a TIME_WAIT removes it (RFC 1337).
    const rests = socketsAt(address).filter(({ state }) => state === 'TIME-WAIT')
    expect(new Set(rests.map(({ local }) => local))).toEqual(new Set(server.targets))
    expect(rests.length).toBeGreaterThan(10)
  })
})

describe('the end of a listener', () => {
  it('closes its connections as the close option says', async () => {
    for (const close of ['fin', 'rst'] as const) {
      const server = await listen({ targets: [`${ownAddress()}:0`], close })
      const socket = await connected(server)
      await until(server, ({ open }) => open === 1)
      const over = new Promise((resolve) => {
        socket
          .on('error', (error: NodeJS.ErrnoException) => resolve(error.code))
          .on('end', () => resolve('end'))
      })
      socket.resume()
      await server.close()
      expect(await over).toBe(close === 'fin' ? 'end' : 'ECONNRESET')
    }
  })

  it('gives one result, however often it is closed', async () => {
    const server = await listen({ targets: [`${ownAddress()}:0`] })
    const [one, two] = await Promise.all([server.close(), server.close()])
    expect(two).toBe(one)
    expect(await server.close()).toBe(one)
    expect(await server.result).toBe(one)
    await server[Symbol.asyncDispose]()
  })

  it('ends its snapshots', async () => {
    const server = await listen({ targets: [`${ownAddress()}:0`] })
    const watching = (async () => {
      for await (const _ of server.snapshots({ everyMs: 5 }));
    })()
    await server.close()
    await watching
  })

  it('happens when its signal is aborted', async () => {
    const address = ownAddress()
    const controller = new AbortController()
    const server = await listen({ targets: [`${address}:0`], signal: controller.signal })
    controller.abort()
    expect(await server.result).toMatchObject({ accepted: 0 })
    await expectNoSockets(address)
  })

  it('removes its listener from the signal', async () => {
    const { signal } = new AbortController()
    const server = await listen({ targets: [`${ownAddress()}:0`], signal })
    await server.close()
    expect(getEventListeners(signal, 'abort')).toEqual([])
  })
})

describe('a listener that cannot start', () => {
  it('rejects with the reason', async () => {
    const address = ownAddress()
    await using server = await listen({ targets: [`${address}:0`] })
    await expect(listen({ targets: server.targets })).rejects.toThrow(
      expect.objectContaining({
        name: 'C1mError',
        code: 'C1M_LISTEN_FAILED',
        message: `cannot listen on ${server.targets[0]}: bind EADDRINUSE`
      })
    )
  })

  it('does not start when its signal was aborted before', async () => {
    const reason = new Error('not today')
    await expect(listen({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
  })
})

/** Common servers: nginx, haproxy, redis and a WebSocket server, as Debian and Node ship them. */
import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { dial } from '../../lib/dial/dial.js'
import { childServer } from '../helpers/child_server.js'
import { haproxy, isInstalled, nginx, redis } from '../helpers/daemons.js'
import { ownAddress } from '../helpers/loopback.js'
import { temporaryFolder } from '../helpers/temporary.js'

const heartbeat = { connections: 3000, everyMs: 500, holdMs: 2000 }

/** Each connection was answered when it was opened and at every heartbeat after that. */
function expectHealthy(
  { connections, errors, exchange }: Awaited<ReturnType<typeof dial>['result']>,
  beats: number
) {
  expect(errors).toEqual([])
  expect(connections).toMatchObject({ established: 3000, failed: 0, peak: 3000, closedByPeer: 0 })
  expect(exchange?.failed).toBe(0)
  expect(exchange?.completed).toBeGreaterThanOrEqual(3000 * (1 + beats))
}

describe('HTTP requests', () => {
  const request = { send: 'GET / HTTP/1.1\\r\\nHost: c1m\\r\\n\\r\\n', expect: 'HTTP/1.1 200 OK\\r\\n' }

  it.skipIf(!isInstalled('nginx'))('on kept-alive connections are answered by nginx', async () => {
    await using server = await nginx(ownAddress())
    const run = dial({ targets: [server.target], source: [ownAddress()], ...request, ...heartbeat })
    expectHealthy(await run.result, 3)
  })

  it.skipIf(!isInstalled('nginx') || !isInstalled('haproxy'))(
    'on kept-alive connections are answered by haproxy in front of nginx',
    async () => {
      await using server = await nginx(ownAddress())
      await using proxy = await haproxy(ownAddress(), server.target)
      const run = dial({ targets: [proxy.target], source: [ownAddress()], ...request, ...heartbeat })
      expectHealthy(await run.result, 3)
    }
  )

  it.skipIf(!isInstalled('nginx'))(
    'without keep-alive are answered by nginx, which closes first',
    async () => {
      await using server = await nginx(ownAddress())
      const { churn, errors, connections } = await dial({
        targets: [server.target],
        source: [ownAddress()],
        connections: 20,
        rate: 1000,
        churn: true,
        closeBy: 'server',
        durationMs: 1000,
        send: 'GET / HTTP/1.0\\r\\n\\r\\n',
        expect: 'HTTP/1.1 200 OK\\r\\n'
      }).result
      expect(errors).toEqual([])
      expect(connections.failed).toBe(0)
      expect(churn?.transactions).toBeGreaterThan(500)
    }
  )
})

it.skipIf(!isInstalled('redis-server'))('PING is answered by redis', async () => {
  await using server = await redis(ownAddress())
  const run = dial({
    targets: [server.target],
    source: [ownAddress()],
    send: 'PING\\r\\n',
    expect: '+PONG\\r\\n',
    ...heartbeat
  })
  const result = await run.result
  expectHealthy(result, 3)
  expect(result.exchange?.bytesReceived).toBe(7 * (result.exchange?.completed ?? 0))
})

it('a WebSocket upgrade is answered', async () => {
  using folder = temporaryFolder()
  const key = 'dGhlIHNhbXBsZSBub25jZQ=='
  const accepted = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
  const request = join(folder.path, 'upgrade')
  writeFileSync(
    request,
    `GET /chat HTTP/1.1\r\nHost: c1m\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
      `Sec-WebSocket-Key: ${key}\r\nSec-WebSocket-Version: 13\r\n\r\n`
  )
  await using server = await childServer(ownAddress(), (socket) => {
    const { createServer } = require('node:http') as typeof import('node:http')
    const { createHash } = require('node:crypto') as typeof import('node:crypto')
    createServer()
      .on('upgrade', ({ headers }) => {
        const guid = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
        const accept = createHash('sha1').update(`${headers['sec-websocket-key']}${guid}`).digest('base64')
        socket.write(
          `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
            `Sec-WebSocket-Accept: ${accept}\r\n\r\n`
        )
      })
      .emit('connection', socket)
  })
  const { connections, errors, exchange } = await dial({
    targets: [server.target],
    source: [ownAddress()],
    connections: 300,
    send: `@${request}`,
    expect: `HTTP/1.1 101 Switching Protocols\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\nSec-WebSocket-Accept: ${accepted}\\r\\n\\r\\n`,
    holdMs: 300
  }).result
  expect(errors).toEqual([])
  expect(exchange).toMatchObject({ completed: 300, failed: 0 })
  expect(connections).toMatchObject({ established: 300, closedByPeer: 0 })
})

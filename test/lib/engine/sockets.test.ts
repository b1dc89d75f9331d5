import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { readListeners, surveySockets } from '../../../lib/engine/sockets.js'
import { ownAddress } from '../../helpers/loopback.js'

/** A server and connections to it, all of which end with the test. */
async function served(connections: number) {
  const address = ownAddress()
  const server = createServer().listen({ host: address, port: 0, backlog: 50 })
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  const ends: Socket[] = []
  server.on('connection', (socket) => ends.push(socket))
  for (let i = 0; i < connections; i++) {
    const socket = connect(port, address)
    ends.push(socket)
    await Promise.all([once(socket, 'connect'), once(server, 'connection')])
  }
  return {
    address,
    port,
    local: [{ address, firstPort: port, lastPort: port }],
    [Symbol.dispose]() {
      for (const socket of ends) socket.destroy()
      server.close()
    }
  }
}

describe('surveySockets', () => {
  it('summarizes the sockets of a server', async () => {
    using server = await served(3)
    const survey = await surveySockets(server.local)
    const address = `${server.address}:${server.port}`
    expect(survey.listeners).toEqual([
      { address, queued: 0, backlog: 50, inode: expect.any(Number), drops: 0 }
    ])
    expect(survey.ports).toEqual([
      {
        port: server.port,
        states: { ESTABLISHED: 3 },
        synAckRetransmits: 0,
        accepted: 3,
        closeWait: { sockets: 0, old: 0, oldUnread: 0 },
        windowClosed: 0,
        unanswered: 0,
        longestWaitSeconds: 0
      }
    ])
    expect(survey).toMatchObject({
      states: { ESTABLISHED: 3 },
      rtt: { unit: 'us', count: 3 },
      retransmits: { segments: 0, sockets: 0, inTimeout: 0 },
      unread: { sockets: 0, bytes: 0 },
      without: { windowScaling: 0, sack: 0, timestamps: 0 }
    })
    expect(survey.rtt.p50).toBeGreaterThan(0)
  })

  it('finds no socket at an unused port', async () => {
    const survey = await surveySockets([{ address: ownAddress(), firstPort: 1, lastPort: 65_535 }])
    expect(survey.states).toEqual({})
    expect(survey.rtt.count).toBe(0)
  })

  it('counts all sockets when no ports are given', async () => {
    using server = await served(1)
    const { ports, states } = await surveySockets([])
    expect(ports.map(({ port }) => port)).toContain(server.port)
    expect(states.ESTABLISHED).toBeGreaterThanOrEqual(2)
  })
})

describe('readListeners', () => {
  it('finds listening sockets by port, also at any address', async () => {
    using server = await served(0)
    const { port } = server
    expect(await readListeners([{ firstPort: port, lastPort: port }])).toHaveLength(1)
    const any = createServer().listen(0, '0.0.0.0')
    await once(any, 'listening')
    const end = (any.address() as { port: number }).port
    const found = await readListeners([{ address: ownAddress(), firstPort: end, lastPort: end }])
    any.close()
    expect(found.map(({ address }) => address)).toEqual([`0.0.0.0:${end}`])
  })

  it('refuses an invalid endpoint', async () => {
    await expect(readListeners([{ firstPort: 2, lastPort: 1 }])).rejects.toThrow('lastPort')
    await expect(readListeners([{ address: 'here', firstPort: 1, lastPort: 1 }])).rejects.toThrow('address')
  })
})

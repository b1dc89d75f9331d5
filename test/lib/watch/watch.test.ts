import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, it } from 'vitest'
import { WATCH_SCHEMA, watch } from '../../../lib/index.js'
import { ownAddress } from '../../helpers/loopback.js'

const schema = JSON.parse(
  readFileSync(new URL('../../../lib/watch/watch-result.schema.json', import.meta.url), 'utf8')
)

/** The schema, but without permission for further properties. */
function closed(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(closed)
  if (typeof node !== 'object' || node === null) return node
  const copy = Object.fromEntries(Object.entries(node).map(([key, value]) => [key, closed(value)]))
  return 'properties' in copy && !('additionalProperties' in copy)
    ? { ...copy, additionalProperties: false }
    : copy
}

function complaints(result: unknown): unknown {
  const validate = new Ajv2020({ allErrors: true, strict: true, allowUnionTypes: true }).compile(
    closed(schema) as object
  )
  return validate(JSON.parse(JSON.stringify(result))) ? [] : validate.errors
}

async function server(address: string) {
  const listening = createServer().listen({ host: address, port: 0, backlog: 20 })
  await once(listening, 'listening')
  const { port } = listening.address() as { port: number }
  const ends: Socket[] = []
  listening.on('connection', (socket) => ends.push(socket))
  return {
    port,
    target: `${address}:${port}`,
    async take(): Promise<void> {
      const socket = connect(port, address)
      ends.push(socket)
      await Promise.all([once(socket, 'connect'), once(listening, 'connection')])
    },
    [Symbol.dispose]() {
      for (const socket of ends) socket.destroy()
      listening.close()
    }
  }
}

describe('watch', () => {
  it('reports connections as they arrive', async () => {
    using served = await server(ownAddress())
    await using watching = await watch({ targets: [served.target], everyMs: 20 })
    expect(watching.targets).toEqual([served.target])
    let connections = 0
    for await (const snapshot of watching.snapshots()) {
      const { sockets, listeners } = snapshot
      expect(listeners).toMatchObject([{ address: served.target, backlog: 20 }])
      if (connections === 0) expect(sockets?.states).toEqual({})
      if (connections++ < 3) await served.take()
      if (sockets?.states.ESTABLISHED === 3) {
        expect(snapshot.counters['Tcp.PassiveOpens']?.delta).toBeGreaterThanOrEqual(3)
        expect(sockets.ports).toMatchObject([{ port: served.port, states: { ESTABLISHED: 3 } }])
        break
      }
    }
    const result = await watching.close()
    expect(result).toMatchObject({
      schema: WATCH_SCHEMA,
      watched: [served.target],
      listeners: [{ address: served.target, sockets: 1, backlog: 20, timesFull: 0 }],
      sockets: { states: { ESTABLISHED: 3 } },
      drops: null,
      unavailable: []
    })
    expect(complaints(result)).toEqual([])
    expect(await watching.close()).toBe(result)
  })

  it('watches ports at any address, and everything when no port is given', async () => {
    using served = await server(ownAddress())
    await using byPort = await watch({ ports: [`${served.port}`] })
    expect(byPort.targets).toEqual([`*:${served.port}`])
    expect((await byPort.close()).listeners.map(({ address }) => address)).toContain(served.target)
    await using all = await watch()
    expect(all.targets).toEqual([])
    expect((await all.close()).listeners.map(({ address }) => address)).toContain(served.target)
  })

  it.skipIf(process.getuid?.() !== 0)('counts drops as root (skipped without root)', async () => {
    const address = ownAddress()
    const served = await server(address)
    served[Symbol.dispose]()
    await using watching = await watch({ targets: [served.target], everyMs: 20, drops: true })
    const socket = connect(served.port, address)
    await once(socket, 'error')
    for await (const { drops } of watching.snapshots()) if ((drops?.packets ?? 0) > 0) break
    const result = await watching.close()
    expect(result.drops).toMatchObject({ scope: 'ends', sites: [{ reason: 'NO_SOCKET', packets: 1 }] })
    expect(complaints(result)).toEqual([])
  })

  it('takes a port alone, and one of any address, for that port at any address', async () => {
    const options = { targets: ['8100', ':8101-8102', '[::]:8103'], ports: ['80,8200-8201'] }
    await using watching = await watch({ ...options, everyMs: 60_000 })
    expect(watching.targets).toEqual(['*:8100', '*:8101-8102', '*:8103', '*:80', '*:8200-8201'])
  })

  it('ends when its signal is aborted', async () => {
    const controller = new AbortController()
    const watching = await watch({ signal: controller.signal, everyMs: 60_000 })
    const iterator = watching.snapshots()
    await iterator.next()
    controller.abort()
    for await (const _ of iterator);
    expect((await watching.close()).totalSeconds).toBeLessThan(60)
    await expect(watch({ signal: controller.signal })).rejects.toBe(controller.signal.reason)
  })

  it.each([
    [{ targets: ['127.0.0.1:0'] }, 'C1M_TARGET_INVALID'],
    [{ targets: ['127.0.0.1'] }, 'C1M_TARGET_INVALID'],
    [{ ports: ['0'] }, 'C1M_OPTION_INVALID'],
    [{ ports: ['none'] }, 'C1M_OPTION_INVALID'],
    [{ ports: ['90-80'] }, 'C1M_OPTION_INVALID'],
    [{ everyMs: 0 }, 'C1M_OPTION_INVALID'],
    [{ ports: Array.from({ length: 1001 }, (_, i) => `${i + 1}`) }, 'C1M_OPTION_INVALID']
  ])('refuses %j', async (options, code) => {
    await expect(watch(options)).rejects.toMatchObject({ code })
  })
})

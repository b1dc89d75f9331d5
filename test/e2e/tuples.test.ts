import { describe, expect, it } from 'vitest'
import { dial } from '../../lib/dial/dial.js'
import type { DialOptions } from '../../lib/scenario/options.js'
import { freePort, ownAddress } from '../helpers/loopback.js'
import { type NetServer, netServer } from '../helpers/servers.js'

function portsOf(peers: readonly string[]): number[] {
  return peers.map((peer) => Number(peer.split(':').at(-1)))
}

/** Dials `servers` and holds until `comers` connections (default: all of this dial) have been accepted. */
async function dialAll(options: DialOptions, servers: NetServer[], comers = options.connections ?? 0) {
  const run = dial({ ...options, targets: servers.map(({ target }) => target), holdMs: 600_000 })
  for await (const { failed } of run.snapshots({ everyMs: 2 })) {
    if (servers.reduce((sum, { peers }) => sum + peers.length, failed) >= comers) break
  }
  return run.close()
}

describe('the tuple space', () => {
  it('is used up to its last tuple, each tuple once', async () => {
    const source = ownAddress()
    await using server = await netServer(ownAddress())
    const { connections, scenario } = await dialAll(
      {
        connections: 500,
        source: [source],
        sourcePorts: '20000-20499'
      },
      [server]
    )
    expect(scenario.tuples).toBe(500)
    expect(connections).toMatchObject({ established: 500, failed: 0, skippedPorts: 0 })
    expect(portsOf(server.peers).sort()).toEqual(Array.from({ length: 500 }, (_, i) => 20_000 + i))
    expect(server.peers.every((peer) => peer.startsWith(`${source}:`))).toBe(true)
  })

  it('begins at a random tuple, which a seed repeats', async () => {
    const source = ownAddress()
    const at = async (seed?: number) => {
      await using server = await netServer(ownAddress())
      const options = {
        connections: 5,
        source: [source],
        sourcePorts: '20000-39999',
        workers: 1,
        close: 'rst'
      } as const
      const { scenario } = await dialAll({ ...options, ...(seed !== undefined && { seed }) }, [server])
      return { seed: scenario.seed, ports: portsOf(server.peers).sort() }
    }
    expect(await at(0)).toEqual({ seed: 0, ports: [20_000, 20_001, 20_002, 20_003, 20_004] })
    expect((await at(19_998)).ports).toEqual([20_000, 20_001, 20_002, 39_998, 39_999])
    const any = await at()
    expect(await at(any.seed)).toEqual(any)
  })

  it('grows with every source address and every destination port', async () => {
    const sources = [ownAddress(), ownAddress(), ownAddress()]
    const address = ownAddress()
    await using one = await netServer(address)
    await using two = await netServer(address)
    const { connections } = await dialAll({ connections: 600, source: sources, sourcePorts: '20000-20099' }, [
      one,
      two
    ])
    expect(connections).toMatchObject({ established: 600, failed: 0 })
    const peers = [one.peers, two.peers].flat()
    expect(new Set(one.peers).size).toBe(300)
    expect(new Set(two.peers).size).toBe(300)
    expect(new Set(peers.map((peer) => peer.split(':')[0]))).toEqual(new Set(sources))
  })

  it('skips a port that another socket holds, and counts the skipped ports', async () => {
    const source = ownAddress()
    await using _ = await netServer(source, undefined, 20_050)
    await using server = await netServer(ownAddress())
    const options = { connections: 99, source: [source], sourcePorts: '20000-20099', seed: 0 }
    const { connections, errors } = await dialAll(options, [server])
    expect(connections).toMatchObject({ established: 99, failed: 0, skippedPorts: 1 })
    expect(errors).toEqual([])
    expect(portsOf(server.peers)).not.toContain(20_050)
  })

  it('that is too small leaves connections undone, and the result says why', async () => {
    const source = ownAddress()
    await using _ = await netServer(source, undefined, 20_050)
    await using server = await netServer(ownAddress())
    const { connections, errors } = await dialAll(
      {
        source: [source],
        sourcePorts: '20000-20099',
        connections: 100
      },
      [server]
    )
    expect(connections).toMatchObject({ established: 99, failed: 1, skippedPorts: 1 })
    expect(errors).toMatchObject([{ phase: 'bind', code: 'EADDRNOTAVAIL', count: 1 }])
  })

  it('never yields a socket connected to itself', async () => {
    const address = ownAddress()
    const port = await freePort(address)
    const { connections, errors } = await dial({
      targets: [`${address}:${port}`],
      connections: 10,
      source: [address],
      sourcePorts: `${port - 5}-${port + 5}`,
      seed: 0
    }).result
    expect(connections).toMatchObject({ established: 0, failed: 10, skippedPorts: 1 })
    expect(errors).toMatchObject([{ phase: 'connect', code: 'ECONNREFUSED', count: 10 }])
  })

  it('is shared without collision by concurrent runs that have a shard each', async () => {
    const source = ownAddress()
    await using server = await netServer(ownAddress())
    const shard = (k: number) =>
      dialAll(
        { connections: 200, source: [source], sourcePorts: '20000-20599', shard: `${k}/3` },
        [server],
        600
      )
    const results = await Promise.all([shard(1), shard(2), shard(3)])
    for (const { connections } of results) {
      expect(connections).toMatchObject({ established: 200, failed: 0, skippedPorts: 0 })
    }
    expect(new Set(server.peers).size).toBe(600)
  })

  it('may be shared with another run, whose tuples are skipped', async () => {
    const source = ownAddress()
    await using server = await netServer(ownAddress())
    const options = {
      targets: [server.target],
      source: [source],
      sourcePorts: '20000-20599',
      seed: 0,
      connections: 250
    }
    await using first = dial({ ...options, holdMs: 600_000 })
    for await (const { phase } of first.snapshots({ everyMs: 2 })) if (phase === 'holding') break
    const { connections, errors } = await dial(options).result
    expect(connections).toMatchObject({ established: 250, failed: 0, skippedPorts: 250 })
    expect(errors).toEqual([])
  })

  it('is available again at once to the next run', async () => {
    const source = ownAddress()
    await using server = await netServer(ownAddress(), (socket) => socket.on('end', () => socket.end()))
    for (let i = 0; i < 3; i++) {
      const { connections } = await dial({
        targets: [server.target],
        connections: 300,
        source: [source],
        sourcePorts: '20000-20299',
        close: 'rst'
      }).result
      expect(connections).toMatchObject({ established: 300, failed: 0 })
    }
  })
})

/** Third-party servers, dialed beyond their limits: the result says what each of them did. */
import { describe, expect, it } from 'vitest'
import { type DialRun, dial } from '../../lib/dial/dial.js'
import type { Snapshot } from '../../lib/dial/snapshot.js'
import type { RunResult } from '../../lib/result/result.js'
import { causesOf } from '../helpers/causes.js'
import { type Daemon, haproxy, isInstalled, nginx, redis } from '../helpers/daemons.js'
import { ownAddress, socketsAt } from '../helpers/loopback.js'

/** Connections whose server end is established in the kernel, accepted by the server or not. */
function establishedAt({ target }: Daemon): number {
  return socketsAt(target).filter(({ state, local }) => state === 'ESTAB' && local === target).length
}

/** Holds the run until `reached`, then ends it. */
async function holdUntil(run: DialRun, reached: (snapshot: Snapshot) => boolean): Promise<RunResult> {
  for await (const snapshot of run.snapshots({ everyMs: 10 })) if (reached(snapshot)) break
  return run.close()
}

/**
 * More than the servers are set up for, no faster than they accept: a burst would find an accept queue full that a
 * moment later has room. SYNs refused all the same are sent once more, after a second.
 */
const beyond = { connections: 400, rate: 800, holdMs: 600_000, connectTimeoutMs: 2500, workers: 1 }

describe.skipIf(!isInstalled('nginx'))('nginx', () => {
  it('without free worker_connections accepts all, and closes idle connections to make room', async () => {
    await using server = await nginx(ownAddress(), { workers: 1, connections: 100 })
    const run = dial({ targets: [server.target], source: [ownAddress()], ...beyond })
    const { connections, errors, findings } = await holdUntil(
      run,
      ({ phase, established }) =>
        phase === 'holding' && established < 100 && establishedAt(server) === established
    )
    expect(connections).toMatchObject({ attempted: 400, established: 400, failed: 0 })
    expect(connections.closedByPeer).toBeGreaterThan(300)
    expect(errors).toEqual([])
    expect(causesOf({ findings })).toEqual(['peer-closed'])
  })

  it('without free descriptors leaves connections in its accept queue, and does not answer the others', async () => {
    await using server = await nginx(ownAddress(), { workers: 1, connections: 1000, files: 60, backlog: 50 })
    const { connections, errors, findings } = await dial({
      targets: [server.target],
      source: [ownAddress()],
      ...beyond,
      holdMs: 0
    }).result
    // At most 60 descriptors and 51 places in the queue, less the descriptors that nginx uses for itself.
    expect(connections.established).toBeGreaterThan(51)
    expect(connections.established).toBeLessThanOrEqual(60 + 51)
    expect(connections).toMatchObject({ attempted: 400, failed: 400 - connections.established })
    expect(errors).toMatchObject([{ phase: 'timeout', code: 'ETIMEDOUT', count: connections.failed }])
    expect(causesOf({ findings })).toEqual(['peer-descriptor-limit'])
    expect(findings[0]?.title).toMatch(
      /^nginx \(pid \d+\) has \d+ of 60 descriptors open and accepts no more/
    )
  })
})

describe.skipIf(!isInstalled('haproxy'))('haproxy', () => {
  it('at its maxconn leaves connections in its accept queue, and does not answer the others', async () => {
    await using server = await haproxy(ownAddress(), '127.0.0.1:9', { connections: 100, backlog: 50 })
    const { connections, errors, findings } = await dial({
      targets: [server.target],
      source: [ownAddress()],
      ...beyond,
      holdMs: 1
    }).result
    // haproxy holds 100 and the queue one more than its backlog; one more may be in transit between them.
    const { established, failed } = connections
    expect([150, 151]).toContain(established)
    expect(connections).toMatchObject({ attempted: 400, failed: 400 - established, closedByPeer: 0 })
    expect(errors).toMatchObject([{ phase: 'timeout', code: 'ETIMEDOUT', count: failed }])
    expect(causesOf({ findings })).toEqual(['connection-limit'])
    expect(findings[0]?.title).toMatch(
      /^haproxy \(pid \d+\) accepts no more .* a limit of 100 connections of its own/
    )
  })
})

describe.skipIf(!isInstalled('redis-server'))('redis', () => {
  it('above its maxclients sends an error and closes', async () => {
    await using server = await redis(ownAddress(), { clients: 100 })
    const run = dial({ targets: [server.target], source: [ownAddress()], ...beyond, holdMs: 3000 })
    const { connections, errors, findings } = await run.result
    expect(connections).toMatchObject({ attempted: 400, established: 400, failed: 0, closedByPeer: 300 })
    expect(errors).toEqual([])
    expect(causesOf({ findings })).toEqual(['peer-closed', 'connection-limit'])
    expect(findings[1]).toMatchObject({
      severity: 'info',
      title: expect.stringContaining('looks like a limit of 100 clients')
    })
  })

  it('with too few descriptors keeps fewer clients than its maxclients', async () => {
    // redis reserves 32 descriptors for itself.
    await using server = await redis(ownAddress(), { clients: 10_000, files: 96 })
    const run = dial({ targets: [server.target], source: [ownAddress()], ...beyond })
    const { connections, errors, findings } = await holdUntil(
      run,
      ({ closedByPeer }) => closedByPeer === 400 - 64
    )
    expect(connections).toMatchObject({ established: 400, failed: 0, closedByPeer: 400 - 64 })
    expect(errors).toEqual([])
    expect(causesOf({ findings })).toEqual(['peer-closed'])
  })

  it('holds as many clients as its maxclients', async () => {
    await using server = await redis(ownAddress(), { clients: 5000 })
    const run = dial({ targets: [server.target], source: [ownAddress()], connections: 5000, holdMs: 200 })
    for await (const { phase } of run.snapshots({ everyMs: 10 })) {
      if (phase !== 'holding') continue
      expect(establishedAt(server)).toBe(5000)
      break
    }
    const { connections, errors } = await run.result
    expect(connections).toMatchObject({ established: 5000, failed: 0, closedByPeer: 0 })
    expect(errors).toEqual([])
  })
})

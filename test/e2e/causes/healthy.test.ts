/** Healthy runs name nothing. */
import { describe, expect, it } from 'vitest'
import { readHostFacts } from '../../../lib/host/facts.js'
import { dialIn, listenIn, watchIn } from '../../helpers/causes.js'
import { connectNamespaces, mayMakeNamespaces, Namespace } from '../../helpers/namespace.js'

/** Both ends of 200,000 connections take 1.6 GB of kernel memory. */
const hasRoom = (readHostFacts().memory.availableBytes ?? 0) > 4e9
const connections = hasRoom ? 200_000 : 20_000

/** Accept queues that hold all connections, however long a busy machine keeps the server from accepting. */
const makeRoom = (namespace: Namespace) => namespace.run('sysctl', '-q', '-w', 'net.core.somaxconn=65535')

describe.skipIf(!mayMakeNamespaces)(`${connections} connections (skipped without root)`, () => {
  it('on loopback are healthy', { timeout: 60_000 }, async () => {
    using host = await Namespace.create()
    makeRoom(host)
    const result = await dialIn(host, '-c', `${connections}`, '--hold', '1s', '--census')
    expect(result.connections).toMatchObject({ established: connections, failed: 0, closedByPeer: 0 })
    expect(result.findings).toEqual([])
  })

  it('between two namespaces are healthy, on both sides', { timeout: 60_000 }, async () => {
    using client = await Namespace.create()
    using server = await Namespace.create()
    connectNamespaces(client, '198.18.40.1/24', server, '198.18.40.2/24')
    const target = '198.18.40.2:8100-8103'
    makeRoom(server)
    await using _listening = await listenIn(server, target, '--backlog', '65535')
    await using watching = await watchIn(server, target)
    const result = await dialIn(client, target, '-c', `${connections}`, '--hold', '1s', '--census')
    expect(result.connections).toMatchObject({ established: connections, failed: 0, closedByPeer: 0 })
    expect(result.findings).toEqual([])
    expect((await watching.stop()).findings).toEqual([])
  })
})

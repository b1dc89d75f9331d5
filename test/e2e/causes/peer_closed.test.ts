import { describe, expect, it } from 'vitest'
import { causesOf, dialIn, listenIn } from '../../helpers/causes.js'
import { mayMakeNamespaces, Namespace } from '../../helpers/namespace.js'

const target = '127.0.0.1:8100'

describe.skipIf(!mayMakeNamespaces)('connections that were to be held (skipped without root)', () => {
  it('and that the peer ends by FIN are named', async () => {
    using host = await Namespace.create()
    await using _server = await listenIn(host, target, '--mode', 'close-first')
    const result = await dialIn(host, target, '-c', '200', '--hold', '1m')
    expect(result.connections).toMatchObject({ established: 200, closedByPeer: 200 })
    expect(causesOf(result)).toEqual(['peer-closed'])
    expect(result.findings[0]).toMatchObject({
      severity: 'critical',
      side: 'server',
      title: 'the peer closed 200 of 200 connections (100 %) that were to be held'
    })
  })

  it('and that the peer ends by RST are named, also where it comes at once', async () => {
    using host = await Namespace.create()
    await using _server = await listenIn(host, target, '--mode', 'close-first', '--close', 'rst')
    const result = await dialIn(host, target, '-c', '200', '--hold', '1m')
    expect(result.connections.closedByPeer + result.connections.failed).toBe(200)
    expect(causesOf(result)).toEqual(['peer-closed'])
  })

  it('and that it resets in the handshake, for its queue is full, are named by the queue', async () => {
    using host = await Namespace.create()
    host.run('sysctl', '-q', '-w', 'net.ipv4.tcp_abort_on_overflow=1')
    await using server = await listenIn(host, target, '--workers', '1', '--backlog', '5')
    server.stop()
    const result = await dialIn(host, target, '-c', '20', '-r', '200', '--connect-timeout', '1500ms')
    expect(causesOf(result)).toEqual(['accept-queue-overflow'])
  })
})

import { describe, expect, it } from 'vitest'
import { causesOf, dialIn, listenIn } from '../../helpers/causes.js'
import { mayMakeNamespaces, Namespace } from '../../helpers/namespace.js'

describe.skipIf(!mayMakeNamespaces)('a tuple space (skipped without root)', () => {
  it('of which other sockets hold a part is named', async () => {
    using host = await Namespace.create()
    const target = '127.0.0.1:8100'
    await using _server = await listenIn(host, target)
    await using _stranger = await listenIn(host, '127.0.0.1:5000-5009')
    const args = ['-s', '127.0.0.1', '--source-ports', '5000-5099', '-c', '100']
    const result = await dialIn(host, target, ...args)
    expect(result.connections).toMatchObject({ established: 90, failed: 10, skippedPorts: 10 })
    expect(causesOf(result)).toEqual(['tuple-space-exhausted'])
    expect(result.findings[0]).toMatchObject({
      severity: 'critical',
      side: 'client',
      title: '100 4-tuples were too few for 100 connections: other sockets hold 10 of them'
    })
  })
})

import { describe, expect, it } from 'vitest'
import { causesOf, dialIn, listenIn } from '../../helpers/causes.js'
import { mayMakeNamespaces, Namespace } from '../../helpers/namespace.js'

describe.skipIf(!mayMakeNamespaces)('ports without a listener (skipped without root)', () => {
  it.each([
    ['all', '127.0.0.1:8110', 0, /^the target refused 40 connections: nobody listens there$/],
    [
      'some',
      '127.0.0.1:8100-8101',
      20,
      /^the target refused 20 connections, 50 % of them: some ports have no/
    ]
  ])('%s of them are named', async (_, target, established, title) => {
    using host = await Namespace.create()
    await using _server = await listenIn(host, '127.0.0.1:8100')
    const result = await dialIn(host, target, '-c', '40')
    expect(result.connections).toMatchObject({ established, failed: 40 - established })
    expect(causesOf(result)).toEqual(['connection-refused'])
    expect(result.findings[0]).toMatchObject({ side: 'server', title: expect.stringMatching(title) })
  })
})

import { describe, expect, it } from 'vitest'
import { causesOf, dialIn, listenIn } from '../../helpers/causes.js'
import { mayMakeNamespaces, Namespace } from '../../helpers/namespace.js'

const target = '127.0.0.1:8100'

describe.skipIf(!mayMakeNamespaces)('a listener that stops accepting (skipped without root)', () => {
  it('is named by who dials it, with its queue', async () => {
    using host = await Namespace.create()
    await using server = await listenIn(host, target, '--workers', '1', '--backlog', '5')
    server.stop()
    // One after the other: of several at once more than one may find the last place in the queue.
    const result = await dialIn(host, target, '-c', '30', '-r', '200', '--connect-timeout', '1500ms')
    expect(result.connections).toMatchObject({ established: 6, failed: 24 })
    expect(causesOf(result)).toEqual(['accept-queue-overflow'])
    expect(result.findings[0]).toMatchObject({
      severity: 'critical',
      side: 'server',
      title: expect.stringMatching(/; 127\.0\.0\.1:8100 has 6 waiting at a backlog of 5$/),
      evidence: expect.arrayContaining([
        { name: 'listener 127.0.0.1:8100', before: null, after: '6 queued, backlog 5' }
      ])
    })
  })
})

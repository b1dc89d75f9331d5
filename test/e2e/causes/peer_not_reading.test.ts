import { describe, expect, it } from 'vitest'
import { causesOf, dialIn } from '../../helpers/causes.js'
import { mayMakeNamespaces, Namespace } from '../../helpers/namespace.js'
import { scriptServer } from '../../helpers/script_server.js'

const talk = ['-c', '10', '--message-size', '8MiB', '--exchange-timeout', '3s']

describe.skipIf(!mayMakeNamespaces)('a server that does not read (skipped without root)', () => {
  it('is named by its closed receive window', async () => {
    using host = await Namespace.create()
    await using server = await scriptServer(host, '127.0.0.1', 8100)
    const result = await dialIn(host, server.target, ...talk)
    expect(result.exchange).toMatchObject({ completed: 0, failures: { peerNotReading: 10 } })
    expect(causesOf(result)).toEqual(['peer-not-reading'])
    expect(result.findings[0]).toMatchObject({
      severity: 'critical',
      side: 'server',
      title:
        '10 of 10 exchanges could not be sent within 3 s: the peer does not read, its receive window is closed'
    })
  })

  it('is named when nobody reads its answers', async () => {
    using host = await Namespace.create()
    // The server reads no further until it has sent its own answer, which is larger than all buffers.
    await using server = await scriptServer(
      host,
      '127.0.0.1',
      8100,
      "socket.once('data', () => { socket.pause() }); socket.resume()"
    )
    const result = await dialIn(host, server.target, ...talk)
    expect(causesOf(result)).toEqual(['peer-not-reading'])
  })
})

import { describe, expect, it } from 'vitest'
import { dial } from '../../../lib/dial/dial.js'
import { causesOf, dialIn } from '../../helpers/causes.js'
import { isInstalled, redis } from '../../helpers/daemons.js'
import { ownAddress } from '../../helpers/loopback.js'
import { mayMakeNamespaces, Namespace } from '../../helpers/namespace.js'
import { scriptServer } from '../../helpers/script_server.js'

const ping = ['--send', 'PING\\r\\n', '--expect', '+PONG']

describe.skipIf(!mayMakeNamespaces)('an unexpected answer (skipped without root)', () => {
  it('is shown next to the expected one, in the result and in the report', async () => {
    using host = await Namespace.create()
    await using server = await scriptServer(host, '127.0.0.1', 8100, "socket.end('-ERR no\\r\\n')")
    const result = await dialIn(host, server.target, '-c', '40', ...ping)
    expect(result.exchange).toMatchObject({ failed: 40, failures: { wrong: 40, closed: 0, reset: 0 } })
    expect(causesOf(result)).toEqual(['wrong-answer'])
    expect(result.findings[0]).toMatchObject({
      severity: 'critical',
      side: 'server',
      title: '40 of 40 exchanges got another answer than expected: "-ERR no\\r\\n"'
    })
    expect(result.wrongAnswer).toEqual({
      connection: expect.stringMatching(/^127\.0\.\d+\.\d+:\d+ > 127\.0\.0\.1:8100$/),
      offset: 0,
      expected: { text: '+PONG', hex: '2b504f4e47' },
      received: { text: '-ERR no\\r\\n', hex: '2d455252206e6f0d0a' }
    })
    const { stdout } = await host.cli('dial', server.target, '-c', '40', ...ping, '-q')
    expect(stdout).toMatch(/expected +"\+PONG"\n +received +"-ERR no\\r\\n" +127/)
  })

  it('is read even when the peer resets right after it', async () => {
    using host = await Namespace.create()
    const reset = "socket.write('go away\\r\\n', () => socket.resetAndDestroy())"
    await using server = await scriptServer(host, '127.0.0.1', 8100, reset)
    const result = await dialIn(host, server.target, '-c', '200', ...ping)
    expect(result.wrongAnswer?.received.text).toBe('go away\\r\\n')
    expect(result.exchange?.failures.wrong).toBe(200)
    expect(causesOf(result)).toEqual(['wrong-answer'])
  })

  it('that differs only late is shown from the first difference on', async () => {
    using host = await Namespace.create()
    await using server = await scriptServer(host, '127.0.0.1', 8100, "socket.write('a'.repeat(300) + 'b')")
    const result = await dialIn(host, server.target, '-c', '1', '--expect', 'a'.repeat(301))
    expect(result.wrongAnswer).toMatchObject({
      offset: 284,
      expected: { text: 'a'.repeat(17) },
      received: { text: `${'a'.repeat(16)}b` }
    })
  })

  it('is named in a churn as well', async () => {
    using host = await Namespace.create()
    await using server = await scriptServer(host, '127.0.0.1', 8100, "socket.end('-ERR no\\r\\n')")
    const result = await dialIn(
      host,
      ...[server.target, '-c', '10', '--churn', '--duration', '1s', '--close', 'rst', ...ping]
    )
    expect(causesOf(result)).toEqual(['wrong-answer'])
  })
})

it.skipIf(!isInstalled('redis-server'))(
  'redis at its maxclients sends an error, which the finding quotes',
  async () => {
    await using server = await redis(ownAddress(), { clients: 50 })
    const { findings } = await dial({
      targets: [server.target],
      source: [ownAddress()],
      connections: 100,
      send: 'PING\\r\\n',
      expect: '+PONG'
    }).result
    expect(findings).toMatchObject([
      {
        id: 'wrong-answer',
        title:
          '50 of 100 exchanges got another answer than expected: "-ERR max number of clients reached\\r\\n"',
        remedy: [expect.stringContaining('maxclients')]
      }
    ])
  }
)

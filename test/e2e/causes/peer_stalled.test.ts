import { describe, expect, it } from 'vitest'
import { actingWhen } from '../../helpers/acting_when.js'
import { causesOf, dialIn, listenIn } from '../../helpers/causes.js'
import { mayMakeNamespaces, Namespace } from '../../helpers/namespace.js'
import { scriptServer } from '../../helpers/script_server.js'

const target = '127.0.0.1:8100'

describe.skipIf(!mayMakeNamespaces)('a server that does not answer (skipped without root)', () => {
  it('because it is stopped is named, and the finding says that it answered before', async () => {
    using host = await Namespace.create()
    await using server = await listenIn(host, target, '--mode', 'echo')
    const dialing = host.start(
      ...['dial', target, '-c', '40', '--message-size', '10', '--every', '500ms', '--hold', '1m'],
      ...['--exchange-timeout', '2s', '--ndjson', '-q']
    )
    const result = await actingWhen(dialing, ({ exchanges }) => exchanges >= 80, server.stop)
    expect(result.exchange?.failures).toMatchObject({ unanswered: 40, unacknowledged: 0 })
    expect(causesOf(result)).toEqual(['peer-stalled'])
    expect(result.findings[0]).toMatchObject({ severity: 'critical', side: 'server' })
    expect(result.findings[0]?.title).toMatch(
      /got no answer within 2 s: the kernel of the peer acknowledged all data, its application did not answer, although it had answered before$/
    )
  })

  it('but reads is named at once', async () => {
    using host = await Namespace.create()
    await using server = await scriptServer(host, '127.0.0.1', 8100, 'socket.resume()')
    const result = await dialIn(
      host,
      ...[server.target, '-c', '40', '--send', 'PING\\r\\n', '--expect', '+PONG', '--exchange-timeout', '1s']
    )
    expect(causesOf(result)).toEqual(['peer-stalled'])
    expect(result.findings[0]?.title).toBe(
      '40 of 40 exchanges got no answer within 1 s: the kernel of the peer acknowledged all data, its application did not answer'
    )
    expect(result.wrongAnswer).toBeNull()
  })

  it('completely is named with the part of the answer that arrived', async () => {
    using host = await Namespace.create()
    await using server = await scriptServer(host, '127.0.0.1', 8100, "socket.write('hello')")
    const result = await dialIn(
      host,
      ...[server.target, '-c', '40', '--send', '?', '--expect-bytes', '100', '--exchange-timeout', '1s']
    )
    expect(causesOf(result)).toEqual(['peer-stalled'])
    expect(result.findings[0]?.title).toMatch(/^40 of 40 exchanges got only a part of the answer within 1 s/)
    expect(result.wrongAnswer).toMatchObject({
      expected: null,
      received: { text: 'hello', hex: '68656c6c6f' }
    })
  })

  it('is named when it should close first and does not', async () => {
    using host = await Namespace.create()
    await using server = await listenIn(host, target)
    const churn = ['--churn', '--close-by', 'server', '--duration', '2s', '--exchange-timeout', '500ms']
    const result = await dialIn(host, target, '-c', '10', ...churn)
    expect(server).toBeDefined()
    expect(result.exchange).toBeNull()
    expect(causesOf(result)).toEqual(['peer-stalled'])
    expect(result.findings[0]?.title).toMatch(/^the peer did not close \d+ connections within 500 ms/)
  })
})

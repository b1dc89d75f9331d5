import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { actingWhen } from '../../helpers/acting_when.js'
import { causesOf, dialIn, listenIn, loadRules } from '../../helpers/causes.js'
import { isInstalled } from '../../helpers/daemons.js'
import { mayMakeNamespaces, Namespace } from '../../helpers/namespace.js'
import { routedNamespaces } from '../../helpers/routed.js'
import { scriptServer } from '../../helpers/script_server.js'
import { temporaryFolder } from '../../helpers/temporary.js'

const target = '127.0.0.1:8100'

describe.skipIf(!mayMakeNamespaces)('connections that should be held (skipped without root)', () => {
  it('are named when the peer closes them by FIN at once', async () => {
    using host = await Namespace.create()
    await using _server = await listenIn(host, target, '--mode', 'close-first')
    const result = await dialIn(host, target, '-c', '200', '--hold', '1m')
    expect(result.connections).toMatchObject({ established: 200, closedByPeer: 200 })
    expect(causesOf(result)).toEqual(['peer-closed'])
    expect(result.findings[0]).toMatchObject({
      severity: 'critical',
      side: 'server',
      title:
        'the peer closed 200 of 200 connections (100 %) that were to be held, at once: it has reached a limit, or refuses the client'
    })
    expect(result.findings[0]?.remedy.join()).not.toContain('tcp_abort_on_overflow')
  })

  it('are named when the peer closes them by RST, at once or later', async () => {
    using host = await Namespace.create()
    await using _server = await listenIn(host, target, '--mode', 'close-first', '--close', 'rst')
    const result = await dialIn(host, target, '-c', '200', '--hold', '1m')
    expect(result.connections.closedByPeer + result.connections.failed).toBe(200)
    expect(causesOf(result)).toEqual(['peer-closed'])
    expect(result.findings[0]?.remedy.join()).toContain('tcp_abort_on_overflow')
  })

  it('are explained by the full accept queue when the peer resets them in the handshake', async () => {
    using host = await Namespace.create()
    host.run('sysctl', '-q', '-w', 'net.ipv4.tcp_abort_on_overflow=1')
    await using server = await listenIn(host, target, '--workers', '1', '--backlog', '5')
    server.stop()
    const result = await dialIn(host, target, '-c', '20', '-r', '200', '--connect-timeout', '1500ms')
    expect(causesOf(result)).toEqual(['accept-queue-overflow'])
  })

  it('are explained by an idle timeout when the server closes each after the same time', async () => {
    using host = await Namespace.create()
    const timer = 'socket.resume(); socket.setTimeout(2000, () => socket.destroy())'
    await using server = await scriptServer(host, '127.0.0.1', 8100, timer)
    const result = await dialIn(host, server.target, '-c', '100', '-r', '50/s', '--hold', '1m')
    expect(causesOf(result)).toEqual(['peer-closed'])
    expect(result.findings[0]?.title).toMatch(
      /^the peer closed 100 of 100 connections \(100 %\) that were to be held, each after 2\.\d s without data: an idle timeout of the server, a proxy or a balancer$/
    )
  })

  it('are reported as closed right after the answer when the peer does so', async () => {
    using host = await Namespace.create()
    await using server = await scriptServer(
      host,
      '127.0.0.1',
      8100,
      "socket.once('data', () => socket.end('yes')); socket.resume()"
    )
    const result = await dialIn(
      host,
      server.target,
      '-c',
      '100',
      '--send',
      '?',
      '--expect',
      'yes',
      '--hold',
      '1m'
    )
    expect(result.exchange).toMatchObject({ completed: 100, failed: 0 })
    expect(causesOf(result)).toEqual(['peer-closed'])
    expect(result.findings[0]?.title).toMatch(/that were to be held, right after an answer$/)
  })

  it('are explained by the end of the server when it then refuses a new connection', async () => {
    using host = await Namespace.create()
    await using server = await scriptServer(host, '127.0.0.1', 8100, 'socket.resume()')
    const dialing = host.start('dial', server.target, '-c', '100', '--hold', '1m', '--ndjson', '-q')
    const result = await actingWhen(
      dialing,
      ({ phase, tSeconds }) => phase === 'holding' && tSeconds > 1,
      server.kill
    )
    expect(causesOf(result)).toEqual(['peer-closed'])
    expect(result.findings[0]?.title).toMatch(/and refuses new ones: its process has ended$/)
  })

  it('are not explained by an idle timeout when a NAT resets them after losing its table', async ({
    skip
  }) => {
    using net = await routedNamespaces()
    const { client, router, far } = net
    const nat = `table ip n {
      chain p { type nat hook prerouting priority -100; ip daddr 198.18.1.254 tcp dport 80 dnat to 198.18.2.2:80; }
    }`
    skip(!loadRules(router, nat), 'there is no nft here, or no NAT')
    await using _server = await listenIn(far, '198.18.2.2:80', '--mode', 'echo')
    const dialing = client.start(
      ...['dial', '198.18.1.254:80', '-c', '40', '--message-size', '10', '--every', '500ms', '--hold', '1m'],
      ...['--ndjson', '-q']
    )
    // Without the rule the router treats the packets as its own; the entries end with their timeout.
    const result = await actingWhen(
      dialing,
      ({ exchanges }) => exchanges >= 200,
      () => {
        router.run('nft', 'flush', 'ruleset')
        router.run('sh', '-c', 'conntrack -F 2>&1')
      }
    )
    expect(causesOf(result)).toEqual(['peer-closed'])
    expect(result.findings[0]?.title).toMatch(
      /^the peer reset the connection of 40 of \d+ exchanges instead of answering: the peer, or a middlebox that has lost its state, at the next packet$/
    )
    expect(result.findings[0]?.remedy.join()).not.toContain('tcp_abort_on_overflow')
  })
})

describe.skipIf(!mayMakeNamespaces)('a peer that closes instead of answering (skipped without root)', () => {
  it('is named in a churn as well', async () => {
    using host = await Namespace.create()
    await using server = await scriptServer(host, '127.0.0.1', 8100, 'socket.end()')
    const result = await dialIn(
      host,
      ...[server.target, '-c', '10', '--churn', '--duration', '1s', '--send', 'hi', '--expect-bytes', '5']
    )
    expect(result.churn?.transactions).toBe(0)
    expect(causesOf(result)).toEqual(['peer-closed'])
    expect(result.findings[0]).toMatchObject({ severity: 'critical', side: 'server' })
    expect(result.findings[0]?.title).toMatch(/instead of answering.*, at once: it has reached a limit/)
  })

  it('is quoted when it sent a message first', async () => {
    using host = await Namespace.create()
    await using server = await scriptServer(host, '127.0.0.1', 8100, "socket.end('too many\\r\\n')")
    const result = await dialIn(host, server.target, '-c', '40', '--send', 'hi', '--expect-bytes', '500')
    expect(causesOf(result)).toEqual(['peer-closed'])
    expect(result.findings[0]?.title).toMatch(/, and says "too many\\r\\n"$/)
  })
})

describe.skipIf(!mayMakeNamespaces || !isInstalled('haproxy'))('haproxy (skipped without root)', () => {
  it('with a timeout for its clients is recognized by that timeout', async () => {
    using host = await Namespace.create()
    using folder = temporaryFolder()
    await using _server = await listenIn(host, '127.0.0.1:8101', '--mode', 'echo')
    writeFileSync(
      join(folder.path, 'haproxy.cfg'),
      `defaults
  mode tcp
  timeout connect 5s
  timeout client 2s
  timeout server 60s
listen proxy
  bind ${target}
  server only 127.0.0.1:8101
`
    )
    const proxy = host.spawn('haproxy', '-db', '-f', join(folder.path, 'haproxy.cfg'))
    try {
      await listening(host)
      const result = await dialIn(host, target, '-c', '40', '--message-size', '10', '--hold', '1m')
      expect(causesOf(result)).toEqual(['peer-closed'])
      expect(result.findings[0]?.title).toMatch(/each after 2\.\d s without data: an idle timeout/)
      const mended = await dialIn(
        host,
        ...[target, '-c', '40', '--message-size', '10', '--hold', '4s', '--every', '500ms']
      )
      expect(causesOf(mended)).toEqual([])
    } finally {
      proxy.kill('SIGKILL')
    }
  })
})

/** Waits until the proxy listens. */
async function listening(host: Namespace): Promise<void> {
  for (let tries = 0; tries < 500; tries++) {
    if (host.run('ss', '-Hltn', 'sport = :8100') !== '') return
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  throw new Error('the proxy does not listen')
}

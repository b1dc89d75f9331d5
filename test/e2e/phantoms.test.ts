import { describe, expect, it } from 'vitest'
import type { Snapshot } from '../../lib/dial/snapshot.js'
import type { RunResult } from '../../lib/result/result.js'
import { causesOf, dialIn, listenIn, loadRules } from '../helpers/causes.js'
import { eventually } from '../helpers/eventually.js'
import { connectNamespaces, jsonLines, mayMakeNamespaces, Namespace } from '../helpers/namespace.js'

const rules = `table inet t {
  chain in {
    type filter hook input priority 0;
    tcp dport 8100 tcp sport 5000-5007 tcp flags & syn == 0 drop
  }
}`

/** Drops every bare ACK, so that the server never establishes a connection. */
const withoutAcks = `table inet t {
  chain in {
    type filter hook input priority 0;
    tcp dport 8100 tcp flags & (syn | ack) == ack drop
  }
}`
const dialOf100 = ['dial', '198.18.60.2:8100', '-c', '100', '-q']

async function holding(lines: AsyncGenerator<Record<string, unknown>>): Promise<void> {
  for (;;) {
    const { value, done } = await lines.next()
    if (done || value.phase === 'holding') return
  }
}

async function lastOf(lines: AsyncGenerator<Record<string, unknown>>): Promise<RunResult> {
  let last: unknown
  for await (const line of lines) last = line
  return last as RunResult
}

// The server drops the final ACKs of eight connections, which are still half-open when its accept queue fills.
describe.skipIf(!mayMakeNamespaces)('connections that only the client has (skipped without root)', () => {
  it('are counted by repeated SYN-ACKs when the server is another host', { timeout: 40_000 }, async ({
    skip
  }) => {
    using client = await Namespace.create()
    using server = await Namespace.create()
    connectNamespaces(client, '198.18.60.1/24', server, '198.18.60.2/24')
    skip(!loadRules(server, rules), 'needs nft')
    const target = '198.18.60.2:8100'
    const listening = server.start('listen', target, '--workers', '1', '--backlog', '10', '--ndjson')
    await jsonLines(listening).next()
    listening.kill('SIGSTOP')

    const dialing = (ports: string, ...args: string[]) =>
      jsonLines(client.start('dial', target, '--source-ports', ports, '--ndjson', ...args))
    const phantoms = dialing('5000-5007', '-c', '8', '--hold', '5s', '--census')
    await holding(phantoms)
    // They fill the queue; later connections are dropped.
    const others = dialing('6000-6010', '-c', '11', '--hold', '6s')
    await holding(others)
    server.run('nft', 'flush', 'ruleset')

    const result = await lastOf(phantoms)
    expect(result.connections.established).toBe(8)
    expect(result.census).toMatchObject({ connections: 8, states: { ESTABLISHED: 8 }, bytesReceived: 0 })
    expect(causesOf(result)).toEqual(['phantom-established'])
    const [found] = result.findings
    expect(found?.title).toMatch(/^8 of 8 connections are established for the client only/)
    expect(found?.evidence).toContainEqual({ name: 'census.repeatedSynAcks', before: null, after: 8 })
    await lastOf(others)
    listening.kill('SIGKILL')
  })

  it('are counted by the socket table when the server is this host', { timeout: 40_000 }, async ({
    skip
  }) => {
    using host = await Namespace.create()
    skip(!loadRules(host, rules), 'needs nft')
    const target = '127.0.0.1:8100'
    await using server = await listenIn(host, target, '--workers', '1', '--backlog', '10')
    server.stop()
    const args = [
      '--source-ports',
      '5000-5018',
      '-c',
      '19',
      '--seed',
      '0',
      '--workers',
      '1',
      '--hold',
      '1m',
      '--ndjson'
    ]
    const dialing = host.start('dial', target, ...args)
    const looks = jsonLines(dialing)
    // Connections whose final ACK gets through fill the queue.
    await holding(looks)
    host.run('nft', 'flush', 'ruleset')
    // During the run the ACKs to repeated SYN-ACKs find the queue full.
    for await (const look of looks) {
      const { findings } = look as unknown as Snapshot
      if (findings.length === 0) continue
      expect(causesOf({ findings })).toEqual(['accept-queue-overflow', 'phantom-established'])
      expect(findings[1]).toMatchObject({
        title: expect.stringMatching(/^8 of 19 connections are established for the client only/),
        evidence: expect.arrayContaining([{ name: 'server.queued', before: null, after: 11 }])
      })
      break
    }
    dialing.kill('SIGKILL')
  })

  it('are not reported when healthy connections are held as long', { timeout: 40_000 }, async () => {
    using client = await Namespace.create()
    using server = await Namespace.create()
    connectNamespaces(client, '198.18.60.1/24', server, '198.18.60.2/24')
    const target = '198.18.60.2:8100'
    const listening = server.start('listen', target, '--ndjson')
    await jsonLines(listening).next()
    const { stdout } = await client.cli('dial', target, '-c', '500', '--hold', '4s', '--census', '--json')
    const result = JSON.parse(stdout) as RunResult
    expect(result.findings).toEqual([])
    expect(result.census).toMatchObject({ connections: 500, missing: 0, states: { ESTABLISHED: 500 } })
    listening.kill('SIGKILL')
  })

  it.for([
    ['a census', ['--census'], 'census.repeatedSynAcks'],
    ['probes', [], 'probe.repeatedSynAcks']
  ] as const)(
    'are detected by %s when their final ACK is lost on the path',
    { timeout: 40_000 },
    async ([, how, evidence], { skip }) => {
      using client = await Namespace.create()
      using server = await Namespace.create()
      connectNamespaces(client, '198.18.60.1/24', server, '198.18.60.2/24')
      skip(!loadRules(server, withoutAcks), 'needs nft')
      await using _server = await listenIn(server, '198.18.60.2:8100')
      const { stdout, code } = await client.cli(...dialOf100, '--json', '--hold', '5s', ...how)
      const result = JSON.parse(stdout) as RunResult
      expect(causesOf(result)).toEqual(['phantom-established'])
      const [found] = result.findings
      expect(found?.title).toMatch(/^100 of 100 connections .* the server never took their final ACK/)
      expect(found?.evidence).toContainEqual({ name: evidence, before: null, after: 100 })
      // No final ACK was dropped because of a full queue.
      expect(found?.remedy.filter((line) => line.startsWith('sysctl'))).toEqual([])
      expect(result.alive).toEqual({ by: 'probe', probed: 100, proven: 0, disproved: 100, unknown: 0 })
      expect(code).toBe(4)
    }
  )

  it('are reported as an upper bound when there was no hold', { timeout: 40_000 }, async ({ skip }) => {
    using client = await Namespace.create()
    using server = await Namespace.create()
    connectNamespaces(client, '198.18.60.1/24', server, '198.18.60.2/24')
    skip(!loadRules(server, withoutAcks), 'needs nft')
    await using _server = await listenIn(server, '198.18.60.2:8100')
    const { stdout } = await client.cli(...dialOf100, '--json', '-r', '20')
    const result = JSON.parse(stdout) as RunResult
    expect(causesOf(result)).toEqual(['phantom-established'])
    expect(result.findings[0]).toMatchObject({
      severity: 'info',
      title: expect.stringMatching(/^up to 100 of 100 connections look established for the client only/)
    })
    expect(result.alive).toBeNull()
  })

  it('are no longer reported once their final ACK got through', { timeout: 40_000 }, async ({ skip }) => {
    using client = await Namespace.create()
    using server = await Namespace.create()
    connectNamespaces(client, '198.18.60.1/24', server, '198.18.60.2/24')
    skip(!loadRules(server, withoutAcks), 'needs nft')
    await using _server = await listenIn(server, '198.18.60.2:8100')
    const dialing = client.start(...dialOf100, '--ndjson', '--hold', '5s', '--census')
    const lines = jsonLines(dialing)
    await holding(lines)
    server.run('nft', 'flush', 'ruleset')
    const result = await lastOf(lines)
    expect(result.findings).toEqual([])
    expect(result.counters['TcpExt.TCPSYNChallenge']?.delta).toBeGreaterThanOrEqual(100)
    expect(result.alive).toMatchObject({ proven: 100, disproved: 0 })
  })

  it('left behind by SYN cookies are reset by a probe', { timeout: 40_000 }, async ({ skip }) => {
    using client = await Namespace.create()
    using server = await Namespace.create()
    connectNamespaces(client, '198.18.60.1/24', server, '198.18.60.2/24')
    server.run('sysctl', '-q', '-w', 'net.ipv4.tcp_syncookies=2')
    skip(!loadRules(server, withoutAcks), 'needs nft')
    await using _server = await listenIn(server, '198.18.60.2:8100')
    const dialing = client.start(...dialOf100, '--ndjson', '--hold', '3s')
    const exited = new Promise((resolve) => dialing.on('exit', resolve))
    const lines = jsonLines(dialing)
    await holding(lines)
    server.run('nft', 'flush', 'ruleset')
    const result = await lastOf(lines)
    expect(causesOf(result)).toEqual(['phantom-established'])
    expect(result.findings[0]).toMatchObject({ severity: 'critical', side: 'server' })
    expect(result.findings[0]?.title).toMatch(
      /^100 of 100 connections that were probed are established for the client only/
    )
    expect(result.alive).toMatchObject({ by: 'probe', probed: 100, proven: 0, disproved: 100 })
    expect(await exited).toBe(4)
  })

  // A probe begins one byte before the stream, and the kernel's cookie check decodes another segment size from that: so the
  // server makes a connection whose sequence numbers do not match.
  it('completed by a probe are reported as silent, and leave no phantom behind', {
    timeout: 40_000
  }, async ({ skip }) => {
    using client = await Namespace.create()
    using server = await Namespace.create()
    connectNamespaces(client, '198.18.60.1/24', server, '198.18.60.2/24')
    for (const end of [client, server]) end.run('ip', 'link', 'set', 'veth0', 'mtu', '1400')
    server.run('sysctl', '-q', '-w', 'net.ipv4.tcp_syncookies=2')
    skip(!loadRules(server, withoutAcks), 'needs nft')
    await using _server = await listenIn(server, '198.18.60.2:8100')
    const lines = jsonLines(client.start(...dialOf100, '--hold', '7s', '--ndjson'))
    await holding(lines)
    server.run('nft', 'flush', 'ruleset')
    const result = await lastOf(lines)
    expect(causesOf(result)).toEqual(['dead-connections'])
    expect(result.findings[0]?.title).toMatch(/^100 of 100 .* has answered nothing since the handshake/)
    await eventually(() => server.run('ss', '-Htan', 'state', 'connected') === '')
  })

  it('are distinguished from full accept queues by the socket table of this host', {
    timeout: 40_000
  }, async ({ skip }) => {
    using host = await Namespace.create()
    skip(!loadRules(host, rules), 'needs nft')
    await using _server = await listenIn(host, '127.0.0.1:8100')
    const args = ['--source-ports', '5000-5018', '-c', '19', '--hold', '5s', '--json']
    const result = JSON.parse((await host.cli('dial', '127.0.0.1:8100', ...args)).stdout) as RunResult
    expect(causesOf(result)).toEqual(['phantom-established'])
    expect(result.findings[0]).toMatchObject({
      title: expect.stringMatching(/^8 of 19 connections .* their final ACK never reached the listener/),
      evidence: expect.arrayContaining([{ name: 'server.halfOpen', before: null, after: 8 }])
    })
    expect(result.alive).toMatchObject({ proven: 11, disproved: 8 })
  })

  it('are counted in a churn that expects no answer', { timeout: 40_000 }, async () => {
    using host = await Namespace.create()
    await using server = await listenIn(host, '127.0.0.1:8100', '--workers', '1', '--backlog', '10')
    server.stop()
    // The server drops the final ACKs of the handshakes in progress when the queue fills.
    const result = await dialIn(
      host,
      '127.0.0.1:8100',
      '-c',
      '50',
      '--churn',
      '--duration',
      '2s',
      '--close',
      'rst'
    )
    const named = causesOf(result)
    expect(named).toContain('accept-queue-overflow')
    const accepted = result.counters['Tcp.PassiveOpens']?.delta ?? 0
    expect(named.includes('phantom-established')).toBe(result.connections.established > accepted)
  })
})

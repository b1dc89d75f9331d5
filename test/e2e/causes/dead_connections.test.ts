import { describe, expect, it } from 'vitest'
import type { RunResult } from '../../../lib/result/result.js'
import { causesOf, dialIn, listenIn, loadRules } from '../../helpers/causes.js'
import { connectNamespaces, jsonLines, mayMakeNamespaces, Namespace } from '../../helpers/namespace.js'

const target = '198.18.61.2:8100'

/** Dials, and cuts the cable once the connections are held; gives the result and the exit code. */
async function dialAndCut(
  client: Namespace,
  ...args: string[]
): Promise<{ result: RunResult; code: number | null }> {
  const dialing = client.start('dial', target, '--ndjson', '-q', ...args)
  const ended = new Promise<number | null>((resolve) => dialing.on('exit', resolve))
  let last: unknown
  let isCut = false
  for await (const line of jsonLines(dialing)) {
    last = line
    if (isCut || line.phase !== 'holding') continue
    client.run('ip', 'link', 'set', 'veth0', 'down')
    isCut = true
  }
  return { result: last as RunResult, code: await ended }
}

/** A SYN proxy before the server: it completes handshakes by itself, and only then dials the server. */
const synProxy = `table ip t {
  chain pre {
    type filter hook prerouting priority -300;
    tcp dport 8100 tcp flags syn notrack
  }
  chain on {
    type filter hook forward priority 0;
    tcp dport 8100 ct state invalid,untracked synproxy mss 1460 wscale 7 timestamp sack-perm
    ct state invalid drop
  }
}`

async function behindSynProxy(rules: string) {
  const client = await Namespace.create()
  const router = await Namespace.create()
  const server = await Namespace.create()
  connectNamespaces(client, '198.18.62.1/24', router, '198.18.62.254/24')
  connectNamespaces(server, '198.18.61.2/24', router, '198.18.61.254/24', 'veth1')
  client.run('ip', 'route', 'add', 'default', 'via', '198.18.62.254')
  server.run('ip', 'route', 'add', 'default', 'via', '198.18.61.254')
  router.run('sysctl', '-q', '-w', 'net.ipv4.ip_forward=1')
  const isLoaded = loadRules(router, rules)
  if (isLoaded) router.run('sysctl', '-q', '-w', 'net.netfilter.nf_conntrack_tcp_loose=0')
  return {
    client,
    server,
    isLoaded,
    [Symbol.dispose]() {
      for (const namespace of [client, router, server]) namespace[Symbol.dispose]()
    }
  }
}

describe.skipIf(!mayMakeNamespaces)('held connections (skipped without root)', () => {
  it('are dead when their peer loses its network and keepalive probes stay unanswered', {
    timeout: 60_000
  }, async () => {
    using client = await Namespace.create()
    using server = await Namespace.create()
    connectNamespaces(client, '198.18.61.1/24', server, '198.18.61.2/24')
    await using _server = await listenIn(server, target)
    const { result, code } = await dialAndCut(client, '-c', '200', '--hold', '7s', '--keepalive', '1s')
    expect(causesOf(result)).toEqual(['dead-connections'])
    expect(result.findings[0]).toMatchObject({ severity: 'critical', side: 'server' })
    expect(result.findings[0]?.title).toMatch(
      /^200 of 200 connections are dead: their peer has answered nothing (since the handshake, )?for \d/
    )
    expect(result.alive).toEqual({ by: 'keepalive', probed: 200, proven: 0, disproved: 200, unknown: 0 })
    expect(code).toBe(4)
  })

  it('are dead when the kernel has given them up', { timeout: 60_000 }, async () => {
    using client = await Namespace.create()
    using server = await Namespace.create()
    connectNamespaces(client, '198.18.61.1/24', server, '198.18.61.2/24')
    client.run('sysctl', '-q', '-w', 'net.ipv4.tcp_keepalive_probes=2')
    await using _server = await listenIn(server, target)
    const { result, code } = await dialAndCut(client, '-c', '200', '--hold', '30s', '--keepalive', '1s')
    expect(causesOf(result)).toEqual(['dead-connections'])
    expect(result.errors).toMatchObject([{ phase: 'hold', code: 'ETIMEDOUT', count: 200 }])
    expect(result.alive).toMatchObject({ by: 'keepalive', disproved: 200, proven: 0 })
    expect(code).toBe(4)
  })

  it('are sampled and probed at the end of a run without keepalive', { timeout: 60_000 }, async () => {
    using client = await Namespace.create()
    using server = await Namespace.create()
    connectNamespaces(client, '198.18.61.1/24', server, '198.18.61.2/24')
    await using _server = await listenIn(server, target)
    const { result, code } = await dialAndCut(client, '-c', '3000', '--workers', '1', '--hold', '12s')
    expect(causesOf(result)).toEqual(['dead-connections'])
    expect(result.findings[0]?.title).toMatch(
      /^1,000 of 1,000 connections that were probed are dead: their peer has answered nothing .*; of all 3,000 that would be about 3,000$/
    )
    expect(result.alive).toEqual({ by: 'probe', probed: 1000, proven: 0, disproved: 1000, unknown: 2000 })
    expect(code).toBe(4)
  })

  it('are dead when a SYN proxy completed them for a server that does not exist', {
    timeout: 60_000
  }, async ({ skip }) => {
    using network = await behindSynProxy(synProxy)
    skip(!network.isLoaded, 'needs nft with synproxy')
    network.server.run('ip', 'link', 'set', 'veth1', 'down')
    const result = await dialIn(network.client, target, '-c', '200', '--hold', '6s')
    expect(result.connections.established).toBe(200)
    expect(causesOf(result)).toEqual(['dead-connections'])
    expect(result.findings[0]).toMatchObject({ severity: 'critical', side: 'path' })
    expect(result.findings[0]?.title).toMatch(/as a SYN proxy does when its server is not there$/)
  })

  it('are alive behind a SYN proxy when its server exists', { timeout: 60_000 }, async ({ skip }) => {
    using network = await behindSynProxy(synProxy)
    skip(!network.isLoaded, 'needs nft with synproxy')
    await using _server = await listenIn(network.server, target)
    // Other ports, because the proxy still knows those of the previous run.
    for (const [ports, ...how] of [
      ['5000-5049'],
      ['6000-6049', '--census'],
      ['7000-7049', '--keepalive', '1s']
    ]) {
      const args = ['--source-ports', ports ?? '', '-c', '50', '--hold', '6s', ...how]
      const result = await dialIn(network.client, target, ...args)
      expect(result.findings).toEqual([])
      expect(result.alive).toMatchObject({ proven: 50, disproved: 0 })
    }
  })

  it.each([
    ['keepalive probes', ['--keepalive', '1s', '--hold', '5s'], 'keepalive', 2000],
    ['probes of a sample', ['--hold', '5s'], 'probe', 1000],
    ['heartbeats', ['--hold', '4s', '--every', '500ms', '--message-size', '16'], 'heartbeat', 2000],
    ['a single answer', ['--hold', '500ms', '--message-size', '16'], 'exchange', 2000]
  ] as const)(
    'are proven alive by %s, and nothing is named',
    { timeout: 60_000 },
    async (_, args, by, probed) => {
      using client = await Namespace.create()
      using server = await Namespace.create()
      connectNamespaces(client, '198.18.61.1/24', server, '198.18.61.2/24')
      await using _server = await listenIn(server, target, '--mode', 'echo')
      const result = await dialIn(client, target, '-c', '2000', '--workers', '1', ...args)
      expect(result.findings).toEqual([])
      expect(result.alive).toEqual({ by, probed, proven: probed, disproved: 0, unknown: 2000 - probed })
    }
  )

  it('keep the keepalive that was asked for after they were probed', { timeout: 60_000 }, async () => {
    using client = await Namespace.create()
    using server = await Namespace.create()
    connectNamespaces(client, '198.18.61.1/24', server, '198.18.61.2/24')
    await using _server = await listenIn(server, target)
    const dialing = client.start(
      'dial',
      target,
      '-c',
      '20',
      '--hold',
      '13s',
      '--keepalive',
      '1000s',
      '--json',
      '-q'
    )
    const result = new Promise<string>((resolve) => {
      let text = ''
      dialing.stdout?.on('data', (chunk) => (text += chunk))
      dialing.on('exit', () => resolve(text))
    })
    const timers = () => [
      ...client.run('ss', '-Htno', 'dport', '8100').matchAll(/timer:\(keepalive,([^,]+),/g)
    ]
    const areProbed = () => timers().some(([, left = '']) => !left.includes('min'))
    // The first round of probes, and its end.
    while (!areProbed()) await new Promise(setImmediate)
    while (areProbed() || timers().length < 20) await new Promise(setImmediate)
    expect(JSON.parse(await result)).toMatchObject({ findings: [], alive: { by: 'probe', proven: 20 } })
  })

  it('are not called dead when only some probes are lost', { timeout: 60_000 }, async ({ skip }) => {
    using client = await Namespace.create()
    using server = await Namespace.create()
    connectNamespaces(client, '198.18.61.1/24', server, '198.18.61.2/24')
    await using _server = await listenIn(server, target)
    const lossy = `table inet t {
      chain in {
        type filter hook prerouting priority -400;
        tcp flags & (syn | ack | fin | rst) == ack numgen random mod 100 < 20 drop
      }
    }`
    skip(!loadRules(server, lossy), 'needs nft')
    const result = await dialIn(client, target, '-c', '1000', '--hold', '10s', '--census')
    expect(result.alive?.disproved).toBe(0)
    expect(result.alive?.proven).toBeGreaterThan(900)
    expect(result.findings.filter(({ severity }) => severity !== 'info')).toEqual([])
  })
})

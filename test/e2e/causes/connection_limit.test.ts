import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { causesOf, daemonIn, dialIn, listenIn, loadRules, watchIn } from '../../helpers/causes.js'
import { isInstalled } from '../../helpers/daemons.js'
import { connectNamespaces, mayMakeNamespaces, Namespace } from '../../helpers/namespace.js'
import { temporaryFolder } from '../../helpers/temporary.js'

const address = '198.18.30.2'
const target = `${address}:8100`

async function twoHosts(): Promise<{ client: Namespace; server: Namespace } & Disposable> {
  const client = await Namespace.create()
  const server = await Namespace.create()
  connectNamespaces(client, '198.18.30.1/24', server, `${address}/24`)
  return {
    client,
    server,
    [Symbol.dispose]() {
      client[Symbol.dispose]()
      server[Symbol.dispose]()
    }
  }
}

async function haproxyIn(namespace: Namespace, connections: number) {
  const folder = temporaryFolder()
  const config = join(folder.path, 'haproxy.cfg')
  writeFileSync(
    config,
    `global
  maxconn ${connections}
defaults
  mode http
  timeout connect 5s
  timeout client 1h
  timeout server 1h
listen proxy
  bind ${target} backlog 50
  server only 127.0.0.1:9
`
  )
  const daemon = await daemonIn(namespace, 8100, 'haproxy', '-db', '-f', config)
  return {
    pid: daemon.pid,
    async [Symbol.asyncDispose]() {
      await daemon[Symbol.asyncDispose]()
      folder[Symbol.dispose]()
    }
  }
}

const beyond = ['-c', '400', '-r', '800', '--connect-timeout', '3500ms']

describe.skipIf(!mayMakeNamespaces)('a limit on connections (skipped without root)', () => {
  it.skipIf(!isInstalled('haproxy'))('of a proxy is proven when the proxy runs on this host', async () => {
    using hosts = await twoHosts()
    const { client, server } = hosts
    const proof = (pid: number) => ({
      side: 'server',
      title: expect.stringContaining(`haproxy (pid ${pid}) accepts no more at ${target}`),
      remedy: [expect.stringContaining('maxconn')]
    })
    {
      await using proxy = await haproxyIn(server, 100)
      await using watching = await watchIn(server, target)
      const result = await dialIn(server, target, ...beyond)
      expect(result.connections.established).toBeLessThanOrEqual(151)
      expect(causesOf(result)).toEqual(['connection-limit'])
      expect(result.findings[0]).toMatchObject({ ...proof(proxy.pid), severity: 'critical' })
      expect(result.findings[0]?.title).toMatch(/a limit of 100 connections of its own, and 51 wait$/)
      const seen = await watching.stop()
      expect(causesOf(seen)).toEqual(['connection-limit'])
      expect(seen.findings[0]).toMatchObject(proof(proxy.pid))
    }
    // As the remedy says. A longer backlog would not help.
    await using _raised = await haproxyIn(server, 1000)
    const healed = await dialIn(client, target, ...beyond)
    expect(healed.connections).toMatchObject({ established: 400, failed: 0 })
    expect(causesOf(healed)).toEqual([])
  })

  it.each([1000, 2000])(
    'of a firewall at %i connections is reported as a guess, after the symptom',
    async (limit) => {
      using hosts = await twoHosts()
      const { client, server } = hosts
      const rules = `table inet t {
      chain in { type filter hook input priority 0; tcp dport 8100 ct state new ct count over ${limit} drop; }
    }`
      expect(loadRules(server, rules)).toBe(true)
      await using _listening = await listenIn(server, target)
      const result = await dialIn(client, target, '-c', '3000', '--connect-timeout', '2500ms')
      expect(result.connections).toMatchObject({ established: limit, failed: 3000 - limit })
      expect(causesOf(result)).toEqual(['syn-unanswered', 'connection-limit'])
      expect(result.findings).toMatchObject([
        { severity: 'critical' },
        { severity: 'info', title: expect.stringMatching(/looks like a limit of [12],000 connections/) }
      ])
    }
  )

  it('is not inferred from lost packets, however many there are', async ({ skip }) => {
    using hosts = await twoHosts()
    const { client, server } = hosts
    // Timers that double from the start: the last SYN of each connection is sent after 3 s.
    client.run('sysctl', '-qw', 'net.ipv4.tcp_syn_linear_timeouts=0')
    const lossy = `table inet t {
      chain in {
        type filter hook input priority 0;
        tcp dport 8100 tcp flags & (syn | ack) == syn numgen random mod 100 < 30 drop
      }
    }`
    skip(!loadRules(server, lossy), 'needs nft')
    await using _listening = await listenIn(server, target)
    const result = await dialIn(client, target, '-c', '1000', '--connect-timeout', '6500ms')
    expect(result.connections.failed).toBeGreaterThan(5)
    expect(causesOf(result)).toEqual(['syn-loss'])
  })

  it('is not confused with a full accept queue on this host', async () => {
    using host = await Namespace.create()
    await using server = await listenIn(host, '127.0.0.1:8100', '--workers', '1', '--backlog', '999')
    server.stop()
    // One worker, so that no final ACK races with the SYN that fills the queue.
    const args = ['-c', '2000', '--workers', '1', '--connect-timeout', '2500ms']
    const result = await dialIn(host, '127.0.0.1:8100', ...args)
    expect(result.connections.failed).toBeGreaterThan(900)
    expect(causesOf(result)).toEqual(['accept-queue-overflow'])
  })
})

import { describe, expect, it } from 'vitest'
import { causesOf, dialIn, heldBy, listenIn, loadRules } from '../../helpers/causes.js'
import { eventually } from '../../helpers/eventually.js'
import { connectNamespaces, mayMakeNamespaces, Namespace } from '../../helpers/namespace.js'

const target = '198.18.30.2:8100'
const same = ['--seed', '0'] as const

/** Drops all packets to the server, so that it does not see its connections end. */
const silent = `table inet silent {
  chain out {
    type filter hook output priority 0;
    tcp dport 8100 drop
  }
}`
const withoutResets = `table inet resets {
  chain out {
    type filter hook output priority 0;
    tcp flags & rst == rst drop
  }
}`
/** Every fifth SYN is lost. */
const lossy = `table inet lossy {
  chain in {
    type filter hook prerouting priority -400;
    tcp flags & (syn | ack) == syn numgen inc mod 5 == 0 drop
  }
}`

function cable(client: Namespace, server: Namespace): void {
  connectNamespaces(client, '198.18.30.1/24', server, '198.18.30.2/24')
}

/** Holds connections, and drops them without telling the server. */
async function leaveBehind(client: Namespace, to: string, ...args: string[]): Promise<void> {
  const held = await heldBy(client, to, ...same, ...args)
  client.run('sysctl', '-qw', 'net.ipv4.tcp_orphan_retries=1')
  client.run('nft', silent)
  await held[Symbol.asyncDispose]()
  await eventually(() => client.run('ss', '-tanH', 'state', 'fin-wait-1').trim() === '')
  client.run('nft', 'delete', 'table', 'inet', 'silent')
}

describe.skipIf(!mayMakeNamespaces)('an old connection at the server (skipped without root)', () => {
  it('is named when the client host has restarted, and only for the ports it used before', async () => {
    using before = await Namespace.create()
    using server = await Namespace.create()
    cable(before, server)
    await using _listening = await listenIn(server, target)
    const held = await heldBy(before, target, '-c', '100', ...same)
    before.run('ip', 'link', 'set', 'veth0', 'down')
    await held[Symbol.asyncDispose]()
    server.run('ip', 'link', 'delete', 'veth0')
    using client = await Namespace.create()
    cable(client, server)
    const elsewhere = await dialIn(client, target, '-c', '100', '--seed', '30000')
    expect(causesOf(elsewhere)).toEqual([])
    const result = await dialIn(client, target, '-c', '100', ...same)
    expect(result.connections).toMatchObject({ established: 100, failed: 0 })
    expect(result.staleAnswers).toEqual({ established: 100, timedOut: 0, pending: 0 })
    expect(causesOf(result)).toEqual(['old-connection-at-server'])
    expect(result.findings[0]).toMatchObject({ severity: 'warning', side: 'server' })
    expect(result.findings[0]?.title).toMatch(
      /^100 SYNs were not lost but answered by an older connection of their 4-tuple, or its TIME_WAIT/
    )
  })

  it('is named together with packet loss when a killed run is repeated on a lossy path', async ({ skip }) => {
    using client = await Namespace.create()
    using server = await Namespace.create()
    cable(client, server)
    skip(!loadRules(server, lossy), 'needs nft')
    server.run('nft', 'flush', 'ruleset')
    await using _listening = await listenIn(server, target)
    await leaveBehind(client, target, '-c', '150')
    loadRules(server, lossy)
    const result = await dialIn(client, target, '-c', '300', '--connect-timeout', '30s', ...same)
    expect(result.connections).toMatchObject({ established: 300, failed: 0 })
    // Every fifth first SYN was lost; the repeated SYN met the old connection.
    expect(result.staleAnswers.established).toBeGreaterThan(100)
    expect(causesOf(result)).toEqual(['syn-loss', 'old-connection-at-server'])
  })

  it('is named when the server does not close what its clients have closed', async () => {
    using client = await Namespace.create()
    using server = await Namespace.create()
    cable(client, server)
    await using listening = await listenIn(server, target)
    listening.stop()
    client.run('sysctl', '-qw', 'net.ipv4.tcp_fin_timeout=1')
    await dialIn(client, target, '-c', '50', ...same)
    await eventually(() => client.run('ss', '-tanH').trim() === '')
    expect(server.run('ss', '-tanH', 'state', 'close-wait').trim().split('\n')).toHaveLength(50)
    const result = await dialIn(client, target, '-c', '50', ...same)
    expect(causesOf(result)).toEqual(['old-connection-at-server'])
    expect(result.findings[0]).toMatchObject({ severity: 'warning' })
    expect(result.staleAnswers).toEqual({ established: 50, timedOut: 0, pending: 0 })
  })

  it('blocks handshakes while the RST is lost, and no longer once it gets through', async ({ skip }) => {
    using client = await Namespace.create()
    using server = await Namespace.create()
    cable(client, server)
    skip(!loadRules(client, withoutResets), 'needs nft')
    client.run('nft', 'flush', 'ruleset')
    await using _listening = await listenIn(server, target)
    await leaveBehind(client, target, '-c', '50')
    loadRules(client, withoutResets)
    const few = [target, '-c', '50', '--connect-timeout', '1500ms', ...same]
    const stopped = await dialIn(client, ...few)
    expect(stopped.connections).toMatchObject({ established: 0, failed: 50 })
    expect(stopped.staleAnswers).toEqual({ established: 0, timedOut: 50, pending: 0 })
    expect(causesOf(stopped)).toEqual(['old-connection-at-server'])
    expect(stopped.findings[0]).toMatchObject({ severity: 'critical', side: 'server' })
    expect(stopped.findings[0]?.title).toContain('50 of the handshakes got no further')
    expect(stopped.findings[0]?.remedy[0]).toMatch(/^# let the RST pass/)

    client.run('nft', 'flush', 'ruleset')
    const healed = await dialIn(client, ...few)
    expect(healed.connections).toMatchObject({ established: 50, failed: 0 })
    expect(healed.findings.map(({ id, severity }) => `${severity} ${id}`)).toEqual([
      'warning old-connection-at-server'
    ])
  })

  it('is distinguished from a TIME_WAIT by the counters of a server on this host', async ({ skip }) => {
    using host = await Namespace.create()
    skip(!loadRules(host, silent), 'needs nft')
    host.run('nft', 'flush', 'ruleset')
    const local = '127.0.0.1:8100'
    await using _listening = await listenIn(host, local)
    await leaveBehind(host, local, '-c', '50')
    const result = await dialIn(host, local, '-c', '50', ...same)
    expect(result.connections).toMatchObject({ established: 50, failed: 0 })
    expect(causesOf(result)).toEqual(['old-connection-at-server'])
    expect(result.findings[0]?.title).toMatch(
      /an older connection of their 4-tuple that still lives at the server/
    )
    expect(result.findings[0]?.evidence.map(({ name }) => name)).toContain('TcpExt.TCPSYNChallenge')
  })
})

import { describe, expect, it } from 'vitest'
import type { RunResult } from '../../../lib/result/result.js'
import { causesOf, dialIn, listenIn, planIn } from '../../helpers/causes.js'
import { connectNamespaces, jsonLines, mayMakeNamespaces, Namespace } from '../../helpers/namespace.js'

const target = '127.0.0.1:8100'

describe.skipIf(!mayMakeNamespaces)('a source address that is removed (skipped without root)', () => {
  it('is named when it is removed while a run dials from it', async () => {
    using host = await Namespace.create()
    host.run('ip', 'address', 'add', '198.18.1.1/32', 'dev', 'lo')
    await using _server = await listenIn(host, target)
    const dialing = host.start('dial', target, '-s', '198.18.1.1', '-c', '600', '-r', '400', '--ndjson')
    let last: unknown
    let removed = false
    for await (const line of jsonLines(dialing)) {
      last = line
      if (removed || (line.established as number) === 0) continue
      host.run('ip', 'address', 'del', '198.18.1.1/32', 'dev', 'lo')
      removed = true
    }
    const result = last as RunResult
    // A socket bound just before the removal can no longer connect.
    expect(result.errors[0]).toMatchObject({ phase: 'bind', code: 'EADDRNOTAVAIL' })
    expect(causesOf(result)).toEqual(['source-address-missing'])
    expect(result.findings[0]).toMatchObject({
      severity: 'critical',
      side: 'client',
      remedy: ['ip addr add 198.18.1.1/32 dev DEVICE']
    })
  })
})

/** Two hosts on one cable; the server sends answers for `further` addresses to the client. */
async function twoHosts() {
  const client = await Namespace.create()
  const server = await Namespace.create()
  connectNamespaces(client, '198.18.1.1/24', server, '198.18.1.2/24', 'cable')
  client.run('ip', 'address', 'add', 'fd00:1::1/64', 'dev', 'cable', 'nodad')
  server.run('ip', 'address', 'add', 'fd00:1::2/64', 'dev', 'cable', 'nodad')
  server.run('ip', 'route', 'add', '198.18.9.0/24', 'via', '198.18.1.1')
  server.run('ip', 'route', 'add', 'fd00:9::/64', 'via', 'fd00:1::1')
  client.run('ip', 'route', 'add', 'local', '198.18.9.0/24', 'dev', 'lo')
  client.run('ip', '-6', 'route', 'add', 'local', 'fd00:9::/64', 'dev', 'lo')
  return {
    client,
    server,
    [Symbol.dispose]() {
      client[Symbol.dispose]()
      server[Symbol.dispose]()
    }
  }
}

describe.skipIf(!mayMakeNamespaces)('an address that no interface has (skipped without root)', () => {
  it('is predicted over IPv6, and works with ip_nonlocal_bind as the remedy says', async () => {
    using hosts = await twoHosts()
    await using _server = await listenIn(hosts.server, '[fd00:1::2]:8100')
    const args = ['[fd00:1::2]:8100', '-s', 'fd00:9::5', '-c', '5']
    const planned = await planIn(hosts.client, ...args)
    expect(causesOf(planned)).toEqual(['source-address-missing'])
    const refused = await hosts.client.cli('dial', ...args)
    expect(refused.stderr).toContain('-s fd00:9::5 is not an address of this host')

    hosts.client.run('sh', '-c', planned.findings[0]?.remedy.at(-1) ?? '')
    expect((await planIn(hosts.client, ...args)).findings).toEqual([])
    const result = await dialIn(hosts.client, ...args)
    expect(result).toMatchObject({ connections: { established: 5 }, findings: [] })
  })

  it('works over IPv4 when a local route covers it', async () => {
    using hosts = await twoHosts()
    await using _server = await listenIn(hosts.server, '198.18.1.2:8100')
    const args = ['198.18.1.2:8100', '-s', '198.18.9.5', '-c', '5']
    expect((await planIn(hosts.client, ...args)).findings).toEqual([])
    const result = await dialIn(hosts.client, ...args)
    expect(result).toMatchObject({ connections: { established: 5 }, findings: [] })
  })
})

describe.skipIf(!mayMakeNamespaces)('duplicate address detection (skipped without root)', () => {
  it('that is under way is predicted, and the remedy ends it', async () => {
    using hosts = await twoHosts()
    const { client, server } = hosts
    await using _server = await listenIn(server, '[fd00:1::2]:8100')
    // Enough probes, a second apart, to outlast the test.
    client.run('sysctl', '-q', '-w', 'net.ipv6.conf.cable.dad_transmits=100')
    client.run('ip', 'address', 'add', 'fd00:1::7/64', 'dev', 'cable')
    const args = ['[fd00:1::2]:8100', '-s', 'fd00:1::7', '-c', '5']
    const planned = await planIn(client, ...args)
    expect(causesOf(planned)).toEqual(['source-address-missing'])
    expect(planned.findings[0]).toMatchObject({
      title: 'fd00:1::7 cannot be used yet: duplicate address detection is under way',
      evidence: [{ name: 'fd00:1::7 of cable', before: null, after: 'tentative' }]
    })
    const refused = await client.cli('dial', ...args)
    expect(refused.stderr).toContain('duplicate address detection of cable is under way')

    client.run('sh', '-c', planned.findings[0]?.remedy.at(-1) ?? '')
    expect((await planIn(client, ...args)).findings).toEqual([])
    expect((await dialIn(client, ...args)).connections.established).toBe(5)
  })
})

/** SYNs from sources that the host of the server has no route to. */
import { describe, expect, it } from 'vitest'
import { causesOf, dialIn, listenIn, watchIn } from '../../helpers/causes.js'
import { connectNamespaces, mayMakeNamespaces, Namespace } from '../../helpers/namespace.js'

/** A client with second addresses, to which the server has no route. */
async function twoHosts(cookies: 0 | 1) {
  const client = await Namespace.create()
  const server = await Namespace.create()
  connectNamespaces(client, '198.18.1.1/24', server, '198.18.1.2/24', 'cable')
  for (const [host, address] of [
    [client, 'fd00:1::1/64'],
    [server, 'fd00:1::2/64'],
    [client, '198.18.9.1/32'],
    [client, 'fd00:9::1/128']
  ] as const)
    host.run('ip', 'address', 'add', address, 'dev', 'cable', ...(address.includes(':') ? ['nodad'] : []))
  server.run('sysctl', '-q', '-w', `net.ipv4.tcp_syncookies=${cookies}`)
  return {
    client,
    server,
    [Symbol.dispose]() {
      client[Symbol.dispose]()
      server[Symbol.dispose]()
    }
  }
}

const ipv4 = { target: '198.18.1.2:8100', source: '198.18.9.1', route: ['198.18.9.0/24', 'dev', 'cable'] }
const ipv6 = { target: '[fd00:1::2]:8100', source: 'fd00:9::1', route: ['fd00:9::/64', 'dev', 'cable'] }
const dialed = ({ target, source }: typeof ipv4) => [
  ...[target, '-s', source, '-c', '40'],
  ...['--connect-timeout', '1500ms']
]

describe.skipIf(!mayMakeNamespaces)('a missing route back (skipped without root)', () => {
  it.for([
    ['IPv4', ipv4, 1],
    ['IPv4 without SYN cookies', ipv4, 0],
    ['IPv6', ipv6, 1],
    ['IPv6 without SYN cookies', ipv6, 0]
  ] as const)('is named beside the server, and a route fixes it: %s', async ([, way, cookies]) => {
    using hosts = await twoHosts(cookies)
    await using _server = await listenIn(hosts.server, way.target)
    await using watching = await watchIn(hosts.server)
    const lost = await dialIn(hosts.client, ...dialed(way))
    expect(lost.connections.established).toBe(0)
    expect(causesOf(lost)).toEqual(['syn-unanswered'])
    const seen = await watching.stop()
    expect(causesOf(seen)).toEqual(['no-route-back'])
    expect(seen.findings[0]).toMatchObject({
      severity: 'warning',
      side: 'server',
      title: expect.stringMatching(/^\d+ SYNs were dropped: this host has no route back to their sources$/)
    })

    hosts.server.run('ip', 'route', 'add', ...way.route)
    await using again = await watchIn(hosts.server)
    expect(causesOf(await dialIn(hosts.client, ...dialed(way)))).toEqual([])
    expect(causesOf(await again.stop())).toEqual([])
  })

  it.for([
    ['unreachable', 0],
    ['unreachable', 1],
    ['blackhole', 1],
    ['prohibit', 0]
  ] as const)(
    'of IPv6 caused by a route of type %s, which no counter shows, is a guess (tcp_syncookies=%i)',
    async ([kind, cookies]) => {
      using hosts = await twoHosts(cookies)
      hosts.server.run('ip', '-6', 'route', 'add', kind, 'fd00:9::/64')
      await using _server = await listenIn(hosts.server, ipv6.target)
      await using watching = await watchIn(hosts.server)
      await dialIn(hosts.client, ...dialed(ipv6))
      const seen = await watching.stop()
      expect(causesOf(seen)).toEqual(['no-route-back'])
      expect(seen.findings[0]).toMatchObject({
        severity: 'info',
        side: 'server',
        title: expect.stringContaining(
          'looks like an IPv6 route back to their sources that is unreachable, blackhole or prohibit'
        )
      })
    }
  )

  it('to a single client is only an info finding', async () => {
    using hosts = await twoHosts(1)
    await using _server = await listenIn(hosts.server, ipv4.target)
    await using watching = await watchIn(hosts.server)
    const [target, , source] = dialed(ipv4)
    await dialIn(hosts.client, ...[`${target}`, '-s', `${source}`, '-c', '1', '--connect-timeout', '300ms'])
    const seen = await watching.stop()
    expect(seen.findings).toMatchObject([{ id: 'no-route-back', severity: 'info' }])
  })
})

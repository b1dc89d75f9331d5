/** Packets that leave by a device other than that of their source address: a plan predicts what routers do with them. */
import { describe, expect, it } from 'vitest'
import { causesOf, dialIn, listenIn, planIn } from '../../helpers/causes.js'
import { connectNamespaces, mayMakeNamespaces, Namespace } from '../../helpers/namespace.js'

const target = '198.18.41.2:8100'

const foreseenIn = async (...args: Parameters<typeof planIn>) => causesOf(await planIn(...args))

/** A client with two cables to one server: `near` leads to the target, and `far` to another network. */
async function twoCables() {
  const client = await Namespace.create()
  const server = await Namespace.create()
  connectNamespaces(client, '198.18.41.1/24', server, '198.18.41.2/24', 'near')
  connectNamespaces(client, '198.18.42.1/24', server, '198.18.42.2/24', 'far')
  for (const [host, end] of [
    [client, 1],
    [server, 2]
  ] as const)
    for (const [device, network] of [
      ['near', 41],
      ['far', 42]
    ] as const)
      host.run('ip', 'address', 'add', `fd00:${network}::${end}/64`, 'dev', device, 'nodad')
  return {
    client,
    server,
    [Symbol.dispose]() {
      client[Symbol.dispose]()
      server[Symbol.dispose]()
    }
  }
}

describe.skipIf(!mayMakeNamespaces)(
  'a source address that belongs to another device (skipped without root)',
  () => {
    it('is predicted, a strict filter drops its packets, and a rule by source fixes both', async () => {
      using hosts = await twoCables()
      const { client, server } = hosts
      server.run('sysctl', '-q', '-w', 'net.ipv4.conf.all.rp_filter=1')
      await using _listening = await listenIn(server, target)
      const from = [target, '-c', '20', '-s', '198.18.42.1', '--connect-timeout', '500ms']

      const planned = await planIn(client, ...from)
      expect(planned.fits).toBe(true)
      expect(causesOf(planned)).toEqual(['asymmetric-source-route'])
      expect(planned.findings[0]).toMatchObject({
        severity: 'warning',
        side: 'client',
        title:
          'packets from 198.18.42.1 (on far) to 198.18.41.2 leave by near: a router or a strict rp_filter may drop them',
        evidence: [
          { name: 'ip route get 198.18.41.2 from 198.18.42.1', after: 'dev near' },
          { name: 'device of 198.18.42.1', after: 'far' }
        ]
      })
      expect((await dialIn(client, ...from)).connections).toMatchObject({ established: 0, failed: 20 })

      // As the remedy says, with the gateway of that cable.
      client.run('ip', 'route', 'add', '198.18.41.2', 'via', '198.18.42.2', 'dev', 'far', 'table', '100')
      client.run('ip', 'rule', 'add', 'from', '198.18.42.1', 'table', '100')
      expect(await foreseenIn(client, ...from)).toEqual([])
      const healed = await dialIn(client, ...from)
      expect(healed.connections).toMatchObject({ established: 20, failed: 0 })
      expect(causesOf(healed)).toEqual([])
    })

    it('is predicted over IPv6, for the name of a device, and for one address of a range', async () => {
      using hosts = await twoCables()
      const { client } = hosts
      const one = ['asymmetric-source-route']
      expect(await foreseenIn(client, '[fd00:41::2]:80', '-s', 'fd00:42::1')).toEqual(one)
      expect(await foreseenIn(client, target, '-s', 'far')).toEqual(one)
      expect(await foreseenIn(client, target, '-s', '198.18.41.1', '-s', '198.18.42.1')).toEqual(one)
      expect(await foreseenIn(client, target, '-s', '198.18.42.1', '--device', 'near')).toEqual(one)
    })

    it('is not named when its packets leave by its own device', async () => {
      using hosts = await twoCables()
      const { client } = hosts
      expect(await foreseenIn(client, target)).toEqual([])
      expect(await foreseenIn(client, target, '-s', '198.18.41.1')).toEqual([])
      expect(await foreseenIn(client, target, '-s', '198.18.42.1', '--device', 'far')).toEqual([])
      expect(await foreseenIn(client, '[fd00:41::2]:80', '-s', 'fd00:41::1')).toEqual([])
    })

    it('is not named when its packets stay on this host', async () => {
      using hosts = await twoCables()
      expect(await foreseenIn(hosts.client, '198.18.41.1:80', '-s', '198.18.42.1')).toEqual([])
      expect(await foreseenIn(hosts.client, '127.0.0.1:80', '-s', '198.18.42.1')).toEqual([])
    })

    it('is not named for an address of loopback, of several devices, or of a device without neighbors', async () => {
      using hosts = await twoCables()
      const { client } = hosts
      client.run('ip', 'address', 'add', '198.18.43.1/32', 'dev', 'lo')
      expect(await foreseenIn(client, target, '-s', '198.18.43.1')).toEqual([])
      client.run('ip', 'address', 'add', '198.18.44.1/32', 'dev', 'near')
      client.run('ip', 'address', 'add', '198.18.44.1/32', 'dev', 'far')
      expect(await foreseenIn(client, target, '-s', '198.18.44.1')).toEqual([])
      client.run('ip', 'link', 'set', 'dev', 'far', 'arp', 'off')
      expect(await foreseenIn(client, target, '-s', '198.18.42.1')).toEqual([])
    })

    it('is not named when the packets leave into the network of the address', async () => {
      using hosts = await twoCables()
      hosts.client.run('ip', 'address', 'add', '198.18.41.9/32', 'dev', 'far')
      expect(await foreseenIn(hosts.client, target, '-s', '198.18.41.9')).toEqual([])
    })

    it('is judged by the routing rule for the mark of the run', async () => {
      using hosts = await twoCables()
      const { client } = hosts
      client.run('ip', 'route', 'add', '198.18.41.2', 'via', '198.18.42.2', 'dev', 'far', 'table', '100')
      client.run('ip', 'rule', 'add', 'fwmark', '7', 'table', '100')
      const marked = ['--mark', '7']
      expect(await foreseenIn(client, target, '-s', '198.18.42.1')).toEqual(['asymmetric-source-route'])
      expect(await foreseenIn(client, target, '-s', '198.18.42.1', ...marked)).toEqual([])
      const planned = await planIn(client, target, '-s', '198.18.41.1', ...marked)
      expect(planned.findings[0]?.evidence[0]).toMatchObject({
        name: 'ip route get 198.18.41.2 from 198.18.41.1 mark 7',
        after: 'dev far'
      })
      // Without a source address the route of the marked packets determines it.
      expect((await planIn(client, target, ...marked)).scenario.sources).toEqual([
        { first: '198.18.42.1', last: '198.18.42.1' }
      ])
    })
  }
)

describe.skipIf(!mayMakeNamespaces)('a source address without a route (skipped without root)', () => {
  it('is predicted when a rule forbids it, for all sources and for one', async () => {
    using hosts = await twoCables()
    const { client, server } = hosts
    client.run('ip', 'rule', 'add', 'from', '198.18.42.1', 'prohibit')
    await using _listening = await listenIn(server, target)
    const forbidden = await planIn(client, target, '-s', '198.18.42.1')
    expect(causesOf(forbidden)).toEqual(['unreachable'])
    expect(forbidden.findings[0]).toMatchObject({
      title: 'this host has no route to 198.18.41.2 from 198.18.42.1',
      remedy: ['ip route get 198.18.41.2 from 198.18.42.1']
    })
    expect(await foreseenIn(client, target, '-s', '198.18.41.1', '-s', '198.18.42.1')).toEqual([
      'unreachable'
    ])
    expect(causesOf(await dialIn(client, target, '-s', '198.18.42.1', '-c', '5'))).toEqual(['unreachable'])
    expect(await foreseenIn(client, target, '-s', '198.18.41.1')).toEqual([])
  })
})

/** Remedies that name a device run as they are printed, whatever the name of the device. */
import { describe, expect, it } from 'vitest'
import { causesOf, dialIn, listenIn, watchIn } from '../helpers/causes.js'
import { connectNamespaces, mayMakeNamespaces, Namespace } from '../helpers/namespace.js'

const target = '198.18.1.2:8100'

async function twoHosts(device: string) {
  const client = await Namespace.create()
  const server = await Namespace.create()
  connectNamespaces(client, '198.18.1.1/24', server, '198.18.1.2/24', device)
  return {
    client,
    server,
    [Symbol.dispose]() {
      client[Symbol.dispose]()
      server[Symbol.dispose]()
    }
  }
}

describe.skipIf(!mayMakeNamespaces)('a remedy for a device (skipped without root)', () => {
  it.for(['eth0.100', 'a;b$c', "it's"])('sets the device %s up', async (device) => {
    using hosts = await twoHosts(device)
    await using _server = await listenIn(hosts.server, target)
    hosts.client.run('ip', 'link', 'set', 'dev', device, 'down')
    const broken = await dialIn(hosts.client, target, '-s', '198.18.1.1', '-c', '5')
    expect(causesOf(broken)).toEqual(['device-down'])
    hosts.client.run('sh', '-c', broken.findings[0]?.remedy[0] ?? '')
    expect(causesOf(await dialIn(hosts.client, target, '-c', '5'))).toEqual([])
  })

  it.for(['eth0.100', 'a;b$c'])('loosens the reverse path filter of the device %s', async (device) => {
    using hosts = await twoHosts(device)
    const { client, server } = hosts
    // The SYN comes from an address whose return route uses another device.
    client.run('ip', 'address', 'add', '198.18.9.1/32', 'dev', 'lo')
    client.run('sysctl', '-q', '-w', 'net.ipv4.conf.all.arp_announce=2')
    server.run('ip', 'link', 'add', 'aside', 'type', 'veth', 'peer', 'name', 'other')
    server.run('ip', 'link', 'set', 'aside', 'up')
    server.run('ip', 'link', 'set', 'other', 'up')
    server.run('ip', 'route', 'add', '198.18.9.0/24', 'dev', 'aside')
    server.run('sh', '-c', `echo 1 >'/proc/sys/net/ipv4/conf/${device}/rp_filter'`)
    await using _server = await listenIn(server, target)
    const args = [target, '-s', '198.18.9.1', '-c', '20', '--connect-timeout', '1200ms']
    const lostTo = async () => {
      await using watching = await watchIn(server, target)
      await dialIn(client, ...args)
      return watching.stop()
    }
    const broken = await lostTo()
    expect(causesOf(broken)).toEqual(['reverse-path-filter'])
    for (const line of broken.findings[0]?.remedy ?? []) server.run('sh', '-c', line)
    expect(causesOf(await lostTo())).toEqual([])
    expect(server.run('cat', `/proc/sys/net/ipv4/conf/${device}/rp_filter`).trim()).toBe('2')
  })
})

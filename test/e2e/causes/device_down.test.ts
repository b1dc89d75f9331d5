/** Devices that are down or without carrier: only those that the connections need are named. */
import { describe, expect, it } from 'vitest'
import { causesOf, dialIn, listenIn, planIn } from '../../helpers/causes.js'
import { connectNamespaces, mayMakeNamespaces, Namespace } from '../../helpers/namespace.js'

const target = '198.18.50.2:8100'
const fromHere = [target, '-s', '198.18.50.1', '-c', '20']

/** A client and a server on one cable; the client has a second cable, `spare`, which the run does not need. */
async function twoHosts() {
  const client = await Namespace.create()
  const server = await Namespace.create()
  connectNamespaces(client, '198.18.50.1/24', server, '198.18.50.2/24', 'cable')
  connectNamespaces(client, '198.18.60.1/24', server, '198.18.60.2/24', 'spare')
  // The kernel gives up sooner on an address that no host has.
  client.run('sysctl', '-q', '-w', 'net.ipv4.neigh.cable.mcast_solicit=1')
  return {
    client,
    server,
    set: (host: Namespace, device: string, state: 'up' | 'down') =>
      host.run('ip', 'link', 'set', 'dev', device, state),
    [Symbol.dispose]() {
      client[Symbol.dispose]()
      server[Symbol.dispose]()
    }
  }
}

describe.skipIf(!mayMakeNamespaces)('a device (skipped without root)', () => {
  it('that is down is predicted and named, and the remedy fixes it', async () => {
    using hosts = await twoHosts()
    const { client, server, set } = hosts
    await using _listening = await listenIn(server, target)
    set(client, 'cable', 'down')

    expect(causesOf(await planIn(client, ...fromHere))).toEqual(['device-down'])
    expect(causesOf(await planIn(client, target))).toEqual(['device-down'])
    const broken = await dialIn(client, ...fromHere)
    expect(broken.errors).toMatchObject([{ phase: 'connect', code: 'ENETUNREACH', count: 20 }])
    expect(causesOf(broken)).toEqual(['device-down'])
    expect(broken.findings[0]).toMatchObject({
      severity: 'critical',
      side: 'client',
      title: 'the device cable is down, and connections to 198.18.50.2 leave by it: 20 failed',
      evidence: [
        { name: 'errors.connect.ENETUNREACH' },
        { name: 'device cable', after: 'down' },
        { name: 'network of cable', after: '198.18.50.1/24' }
      ],
      remedy: ['ip link set dev cable up']
    })

    client.run('sh', '-c', broken.findings[0]?.remedy[0] ?? '')
    const healed = await dialIn(client, ...fromHere)
    expect(healed.connections).toMatchObject({ established: 20, failed: 0 })
    expect(causesOf(healed)).toEqual([])
    expect(causesOf(await planIn(client, ...fromHere))).toEqual([])
  })

  it('without carrier is predicted and named', async () => {
    using hosts = await twoHosts()
    const { client, server, set } = hosts
    set(server, 'cable', 'down')
    expect(causesOf(await planIn(client, target))).toEqual(['device-down'])
    const broken = await dialIn(client, target, '-c', '20', '--connect-timeout', '20s')
    expect(broken.errors).toMatchObject([{ phase: 'connect', code: 'EHOSTUNREACH', count: 20 }])
    expect(causesOf(broken)).toEqual(['device-down'])
    expect(broken.findings[0]).toMatchObject({
      title: expect.stringContaining('the device cable has no carrier'),
      remedy: [expect.stringContaining('set up the other end'), 'ip -details link show dev cable']
    })
    set(server, 'cable', 'up')
    await using _listening = await listenIn(server, target)
    expect(causesOf(await dialIn(client, target, '-c', '20'))).toEqual([])
  })

  it('without carrier is named when connections time out before the kernel reports an error', async () => {
    using hosts = await twoHosts()
    hosts.set(hosts.server, 'cable', 'down')
    hosts.client.run('sysctl', '-q', '-w', 'net.ipv4.neigh.cable.mcast_solicit=9')
    const broken = await dialIn(hosts.client, target, '-c', '20', '--connect-timeout', '300ms')
    expect(broken.errors).toMatchObject([{ phase: 'timeout', code: 'ETIMEDOUT', count: 20 }])
    expect(causesOf(broken)).toEqual(['device-down'])
  })

  it('without carrier is named when it led to the router of the target', async () => {
    using hosts = await twoHosts()
    hosts.client.run('ip', 'route', 'add', '198.18.70.0/24', 'via', '198.18.50.2')
    hosts.set(hosts.server, 'cable', 'down')
    expect(causesOf(await planIn(hosts.client, '198.18.70.1:80'))).toEqual(['device-down'])
  })

  it('that only some of the connections need is named beside the cause of the others', async () => {
    using hosts = await twoHosts()
    hosts.set(hosts.client, 'spare', 'down')
    const both = ['198.18.50.9:80', '198.18.60.2:80', '-s', '198.18.50.1', '-c', '10']
    const broken = await dialIn(hosts.client, ...both, '--connect-timeout', '20s')
    expect(broken.errors.map(({ code }) => code).sort()).toEqual(['EHOSTUNREACH', 'ENETUNREACH'])
    expect(causesOf(broken)).toEqual(['device-down', 'unreachable'])
  })

  it('of IPv6 that is down is predicted when the kernel keeps its addresses', async () => {
    using hosts = await twoHosts()
    const { client, set } = hosts
    client.run('sysctl', '-q', '-w', 'net.ipv6.conf.cable.keep_addr_on_down=1')
    client.run('ip', 'address', 'add', 'fd00:50::1/64', 'dev', 'cable', 'nodad')
    set(client, 'cable', 'down')
    const [finding, ...others] = (await planIn(client, '[fd00:50::2]:80')).findings
    expect(others).toEqual([])
    expect(finding).toMatchObject({ id: 'device-down', evidence: [{}, { after: 'fd00:50::1/64' }] })
  })

  it('that is down is named when it is loopback and the run dials its own listeners', async () => {
    using host = await Namespace.create()
    host.run('ip', 'link', 'set', 'dev', 'lo', 'down')
    const broken = await dialIn(host, '-c', '5', '--connect-timeout', '300ms')
    expect(causesOf(broken)).toEqual(['device-down'])
    expect(broken.findings[0]?.remedy).toEqual(['ip link set dev lo up'])
    expect(causesOf(await planIn(host, '-c', '5'))).toEqual(['device-down'])
    host.run('ip', 'link', 'set', 'dev', 'lo', 'up')
    expect(causesOf(await dialIn(host, '-c', '5'))).toEqual([])
  })
})

describe.skipIf(!mayMakeNamespaces)('a device that is down but not needed (skipped without root)', () => {
  it('is not named by a run that succeeds', async () => {
    using hosts = await twoHosts()
    await using _listening = await listenIn(hosts.server, target)
    hosts.set(hosts.client, 'spare', 'down')
    expect(causesOf(await planIn(hosts.client, ...fromHere))).toEqual([])
    expect(causesOf(await dialIn(hosts.client, ...fromHere))).toEqual([])
  })

  it('is not named when the target refuses, or nobody has its address', async () => {
    using hosts = await twoHosts()
    hosts.set(hosts.client, 'spare', 'down')
    expect(causesOf(await dialIn(hosts.client, ...fromHere))).toEqual(['connection-refused'])
    const nobody = await dialIn(hosts.client, '198.18.50.9:80', '-c', '5', '--connect-timeout', '20s')
    expect(causesOf(nobody)).toEqual(['unreachable'])
  })

  it('is not named when it has the source address but no route leads to the target', async () => {
    using hosts = await twoHosts()
    hosts.set(hosts.client, 'spare', 'down')
    const args = ['203.0.113.1:80', '-s', '198.18.60.1', '-c', '5', '--authorized']
    expect(causesOf(await planIn(hosts.client, ...args))).toEqual(['unreachable'])
    expect(causesOf(await planIn(hosts.client, '203.0.113.1:80'))).toEqual(['unreachable'])
    expect(causesOf(await dialIn(hosts.client, ...args))).toEqual(['unreachable'])
  })

  it('is not named when its source address leaves by another device', async () => {
    using hosts = await twoHosts()
    hosts.set(hosts.client, 'spare', 'down')
    const unanswered = [target, '-s', '198.18.60.1', '-c', '5', '--connect-timeout', '300ms']
    expect(causesOf(await planIn(hosts.client, ...unanswered))).toEqual(['asymmetric-source-route'])
    expect(causesOf(await dialIn(hosts.client, ...unanswered))).toEqual(['syn-unanswered'])
  })

  it('is not named when the target is in its network but a route leads there by another device', async () => {
    using hosts = await twoHosts()
    const { client, server, set } = hosts
    // Without carrier the network of `spare` still has a route; a more specific one takes precedence.
    set(server, 'spare', 'down')
    client.run('ip', 'route', 'add', '198.18.60.2/32', 'dev', 'cable')
    const args = ['198.18.60.2:80', '-s', '198.18.50.1', '-c', '5', '--connect-timeout', '300ms']
    expect(causesOf(await planIn(client, ...args))).toEqual([])
    expect(causesOf(await dialIn(client, ...args))).not.toContain('device-down')
  })
})

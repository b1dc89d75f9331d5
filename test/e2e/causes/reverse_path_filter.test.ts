import { describe, expect, it } from 'vitest'
import { causesOf, dialIn, listenIn, loadRules, watchIn } from '../../helpers/causes.js'
import { connectNamespaces, mayMakeNamespaces, Namespace } from '../../helpers/namespace.js'

/** Two paths between two hosts. The SYN takes one; the answer, to an address on the other path, returns by the other. */
const target = '198.18.1.2:8100'
const asymmetric = [target, '-s', '198.18.2.1', '-c', '20', '--connect-timeout', '1200ms']

async function twoWays() {
  const client = await Namespace.create()
  const server = await Namespace.create()
  connectNamespaces(client, '198.18.1.1/24', server, '198.18.1.2/24', 'one')
  connectNamespaces(client, '198.18.2.1/24', server, '198.18.2.2/24', 'two')
  // The filter would also drop the ARP packets with these addresses.
  client.run('ip', 'link', 'set', 'two', 'address', '02:00:00:00:00:01')
  server.run('ip', 'link', 'set', 'one', 'address', '02:00:00:00:00:02')
  client.run('ip', 'neigh', 'replace', '198.18.1.2', 'lladdr', '02:00:00:00:00:02', 'dev', 'one')
  server.run('ip', 'neigh', 'replace', '198.18.2.1', 'lladdr', '02:00:00:00:00:01', 'dev', 'two')
  return {
    client,
    server,
    [Symbol.dispose]() {
      client[Symbol.dispose]()
      server[Symbol.dispose]()
    }
  }
}

const strict = (namespace: Namespace) => namespace.run('sysctl', '-q', '-w', 'net.ipv4.conf.all.rp_filter=1')

describe.skipIf(!mayMakeNamespaces)('a strict reverse path filter (skipped without root)', () => {
  it('that drops the SYN-ACKs is named by the dial', async () => {
    using between = await twoWays()
    strict(between.client)
    await using _listening = await listenIn(between.server, target)
    const result = await dialIn(between.client, ...asymmetric)
    expect(result.connections).toMatchObject({ established: 0, failed: 20 })
    expect(causesOf(result)).toEqual(['reverse-path-filter'])
    expect(result.findings[0]).toMatchObject({
      side: 'client',
      title: expect.stringContaining('(strict on one, two)')
    })
  })

  it('that drops the SYNs is named beside the server, and as unanswered SYNs by the dial', async () => {
    using between = await twoWays()
    strict(between.server)
    await using _listening = await listenIn(between.server, target)
    await using watching = await watchIn(between.server, target)
    const dialing = dialIn(between.client, ...asymmetric)
    const seen = await watching.found()
    expect(causesOf(seen)).toEqual(['reverse-path-filter'])
    expect(seen.findings[0]).toMatchObject({ side: 'server' })
    expect(causesOf(await dialing)).toEqual(['syn-unanswered'])
  })

  // SYNs from an address on the other path, whose answers no run waits for.
  const straysFrom = (host: Namespace, count: number) =>
    dialIn(host, '198.18.1.1:9', '-s', '198.18.2.2', '-c', `${count}`, '--connect-timeout', '300ms')

  it('that drops unrelated packets is not blamed for SYNs that a firewall drops', async ({ skip }) => {
    using between = await twoWays()
    strict(between.client)
    const lossy = `table inet t {
      chain in {
        type filter hook prerouting priority -400;
        tcp dport 8100 tcp flags & (syn | ack) == syn numgen inc mod 5 == 0 drop
      }
    }`
    skip(!loadRules(between.server, lossy), 'needs nft')
    await using _listening = await listenIn(between.server, target)
    const dialing = dialIn(between.client, target, '-s', '198.18.1.1', '-c', '100', '-r', '50/s')
    await straysFrom(between.server, 14)
    const result = await dialing
    expect(result.counters['TcpExt.IPReversePathFilter']?.delta).toBeGreaterThan(0)
    expect(result.connections).toMatchObject({ established: 100, failed: 0 })
    expect(causesOf(result)).toEqual(['syn-loss'])
  })

  it('that drops a few unrelated packets beside a server is not named', async () => {
    using between = await twoWays()
    strict(between.client)
    // The filter would also drop the packets that learn this.
    between.client.run('ip', 'link', 'set', 'one', 'address', '02:00:00:00:00:03')
    const neighbour = ['198.18.1.1', 'lladdr', '02:00:00:00:00:03', 'dev', 'one']
    between.server.run('ip', 'neigh', 'replace', ...neighbour)
    await using _listening = await listenIn(between.client, '198.18.1.1:8100')
    await using watching = await watchIn(between.client, '198.18.1.1:8100')
    await straysFrom(between.server, 5)
    const seen = await watching.stop()
    expect(seen.counters['TcpExt.IPReversePathFilter']?.delta).toBeGreaterThan(0)
    expect(causesOf(seen)).toEqual([])
  })

  it('in loose mode lets SYNs and SYN-ACKs pass', async () => {
    using between = await twoWays()
    await using _listening = await listenIn(between.server, target)
    const result = await dialIn(between.client, ...asymmetric)
    expect(result.connections.established).toBe(20)
    expect(causesOf(result)).toEqual([])
  })
})

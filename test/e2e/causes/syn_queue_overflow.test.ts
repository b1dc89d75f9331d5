import { describe, expect, it } from 'vitest'
import { causesOf, dialIn, heldBy, listenIn, loadRules, watchIn } from '../../helpers/causes.js'
import { connectNamespaces, mayMakeNamespaces, Namespace } from '../../helpers/namespace.js'

/** Handshakes of these clients stay half-open: their final ACK is dropped. */
const halfOpen = `table inet t {
  chain in {
    type filter hook input priority 0;
    tcp dport 8100 tcp sport 5000-5199 tcp flags & syn == 0 drop
  }
}`
const target = '127.0.0.1:8100'
const flood = [target, '-c', '200', '--source-ports', '5000-5199', '--workers', '1']

const set = (host: Namespace, name: string, value: number) =>
  host.run('sysctl', '-q', '-w', `${name}=${value}`)

/** Hosts on one cable, so that neither can inspect the other. */
async function twoHosts() {
  const client = await Namespace.create()
  const server = await Namespace.create()
  connectNamespaces(client, '198.18.1.1/24', server, '198.18.1.2/24')
  return {
    client,
    server,
    target: '198.18.1.2:8100',
    [Symbol.dispose]() {
      client[Symbol.dispose]()
      server[Symbol.dispose]()
    }
  }
}

describe.skipIf(!mayMakeNamespaces)('half-open connections (skipped without root)', () => {
  it.for([
    // With cookies the others are established; without them they wait for a place.
    [1, 'info', 200, []],
    // The client sees connections as established that are half-open at the server.
    [0, 'critical', 65, ['phantom-established']]
  ] as const)(
    'beyond the SYN queue, with tcp_syncookies=%i, are named on both sides',
    async ([cookies, severity, most, others], { skip }) => {
      using host = await Namespace.create()
      skip(!loadRules(host, halfOpen), 'needs nft')
      set(host, 'net.ipv4.tcp_syncookies', cookies)
      await using _server = await listenIn(host, target, '--workers', '1', '--backlog', '64')
      await using watching = await watchIn(host, target)
      const dialing = dialIn(host, ...flood, '--connect-timeout', '1200ms')
      const seen = await watching.found()
      expect(causesOf(seen)).toEqual(['syn-queue-overflow'])
      expect(seen.findings[0]).toMatchObject({ side: 'server' })
      const result = await dialing
      expect(result.connections.established).toBeLessThanOrEqual(most)
      expect(result.connections.established).toBeGreaterThan(50)
      expect(causesOf(result)).toEqual(['syn-queue-overflow', ...others])
      expect(result.findings[0]).toMatchObject({ severity, side: 'server' })
    }
  )

  it('are named beside the server when they reach tcp_max_syn_backlog, which no other counter shows', async ({
    skip
  }) => {
    using hosts = await twoHosts()
    const { client, server, target } = hosts
    skip(!loadRules(server, halfOpen), 'needs nft')
    set(server, 'net.ipv4.tcp_syncookies', 0)
    set(server, 'net.ipv4.tcp_max_syn_backlog', 64)
    await using _server = await listenIn(server, target, '--workers', '1')
    await using watching = await watchIn(server, target)
    const args = [target, '-c', '200', '--connect-timeout', '1500ms', '--source-ports']
    const result = await dialIn(client, ...args, '5000-5199')
    expect(result.connections.established).toBeLessThan(100)
    expect(causesOf(result)).toEqual(['syn-unanswered', 'phantom-established'])
    const seen = await watching.stop()
    expect(causesOf(seen)).toEqual(['syn-queue-overflow'])
    expect(seen.counters['TcpExt.TCPReqQFullDrop']).toBeUndefined()

    const [cookies = ''] = seen.findings[0]?.remedy ?? []
    server.run('sh', '-c', cookies)
    await using again = await watchIn(server, target)
    // Other ports, because the half-open connections are still there.
    expect((await dialIn(client, ...args, '6000-6199')).connections.established).toBe(200)
    expect(causesOf(await again.stop())).toEqual([])
  })
})

describe.skipIf(!mayMakeNamespaces)(
  'SYN cookies of a client without timestamps (skipped without root)',
  () => {
    it('are named by the options they cost, and as a guess by the census of the client', async ({ skip }) => {
      using hosts = await twoHosts()
      const { client, server, target } = hosts
      skip(!loadRules(server, halfOpen), 'needs nft')
      set(client, 'net.ipv4.tcp_timestamps', 0)
      await using _server = await listenIn(server, target, '--workers', '1', '--backlog', '64')
      await using _flood = await heldBy(client, target, '-c', '80', '--source-ports', '5000-5079')
      await using watching = await watchIn(server, target)
      const args = [target, '-c', '40', '--hold', '1500ms', '--census', '--source-ports']
      const dialing = dialIn(client, ...args, '6000-6039')
      const cost = '40 of 40 open connections have neither SACK nor window scaling'
      const seen = await watching.until(({ findings }) => findings[0]?.title.includes(cost) === true)
      expect(seen.findings).toMatchObject([{ id: 'syn-queue-overflow', severity: 'warning' }])
      const result = await dialing
      expect(result.connections.established).toBe(40)
      expect(result.findings).toMatchObject([
        {
          id: 'syn-queue-overflow',
          severity: 'info',
          side: 'server',
          title: expect.stringMatching(
            /^40 of 40 connections have neither SACK nor window scaling.*looks like/
          )
        }
      ])

      // The first step of the client's remedy.
      client.run('sh', '-c', result.findings[0]?.remedy[0] ?? '')
      expect(causesOf(await dialIn(client, ...args, '7000-7039'))).toEqual([])
    })

    it('are named with tcp_syncookies=2, which sends them without a full queue', async () => {
      using hosts = await twoHosts()
      const { client, server, target } = hosts
      set(client, 'net.ipv4.tcp_timestamps', 0)
      set(server, 'net.ipv4.tcp_syncookies', 2)
      await using _server = await listenIn(server, target)
      const beside = async () => {
        await using watching = await watchIn(server, target)
        await using _held = await heldBy(client, target, '-c', '40')
        return { seen: await watching.found() }
      }
      const { seen } = await beside()
      expect(causesOf(seen)).toEqual(['syn-queue-overflow'])
      const [finding] = seen.findings
      expect(finding).toMatchObject({
        severity: 'warning',
        title: expect.stringMatching(/^tcp_syncookies=2/)
      })
      server.run('sh', '-c', finding?.remedy[0] ?? '')
      await using watching = await watchIn(server, target)
      expect(causesOf(await dialIn(client, target, '-c', '40', '--hold', '500ms', '--census'))).toEqual([])
      expect(causesOf(await watching.stop())).toEqual([])
    })
  }
)

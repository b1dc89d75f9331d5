/** Refused connections: by a missing listener, a limit, or a firewall on one of the hosts. */
import { describe, expect, it } from 'vitest'
import { causesOf, dialIn, listenIn, loadRules } from '../../helpers/causes.js'
import { jsonLines, mayMakeNamespaces, Namespace } from '../../helpers/namespace.js'
import { acrossRouter, cabled, endpoint, families, onOneCable, routed, rule } from '../../helpers/networks.js'

describe.skipIf(!mayMakeNamespaces)('refused target ports (skipped without root)', () => {
  it.each([
    ['all', '127.0.0.1:8110', 0, /^the target refused 40 connections: nobody listens there$/],
    [
      'some',
      '127.0.0.1:8100-8101',
      20,
      /^the target refused 20 connections, 50 % of them: nobody listens on 127.0.0.1:8101$/
    ]
  ])('are named when %s of them have no listener', async (_, target, established, title) => {
    using host = await Namespace.create()
    await using _server = await listenIn(host, '127.0.0.1:8100')
    const result = await dialIn(host, target, '-c', '40')
    expect(result.connections).toMatchObject({ established, failed: 40 - established })
    expect(causesOf(result)).toEqual(['connection-refused'])
    expect(result.findings[0]).toMatchObject({ side: 'server', title: expect.stringMatching(title) })
  })

  it('accept connections once the remedy is applied', async () => {
    using host = await Namespace.create()
    const { findings } = await dialIn(host, '127.0.0.1:8110-8111', '-c', '40')
    const line = findings[0]?.remedy.find((step) => step.startsWith('c1m-native listen ')) ?? ''
    await using _server = await listenIn(host, line.replace('c1m-native listen ', ''))
    const healed = await dialIn(host, '127.0.0.1:8110-8111', '-c', '40')
    expect(healed).toMatchObject({ connections: { established: 40, failed: 0 }, findings: [] })
  })

  it.each(families)(
    'on another host are named together with a possible firewall that resets, %s',
    async (family) => {
      using hosts = await cabled()
      const result = await dialIn(hosts.client, endpoint(onOneCable[family].server, 8100), '-c', '40')
      expect(causesOf(result)).toEqual(['connection-refused'])
      expect(result.findings[0]).toMatchObject({
        severity: 'critical',
        side: 'server',
        title: 'the target refused 40 connections: nobody listens there, or a firewall answers with RST'
      })
    }
  )
})

describe.skipIf(!mayMakeNamespaces)(
  'a port that accepts some connections and refuses others (skipped without root)',
  () => {
    it.each(families)('is said to have a limit, %s', async (family) => {
      using hosts = await cabled()
      const target = endpoint(onOneCable[family].server, 8100)
      await using _listening = await listenIn(hosts.server, target)
      const limit = rule('input', 'tcp dport 8100 ct state new ct count over 100 reject with tcp reset')
      expect(loadRules(hosts.server, limit)).toBe(true)
      const result = await dialIn(hosts.client, target, '-c', '300', '--hold', '100ms')
      expect(result.connections).toMatchObject({ established: 100, failed: 200 })
      expect(causesOf(result)).toEqual(['connection-refused'])
      expect(result.findings[0]).toMatchObject({
        side: 'server',
        title: `the target refused 200 connections to ${target}, which accepted 100: a limit of connections is reached there, of a firewall or of the server, or its listener was closed`
      })

      hosts.server.run('nft', 'flush', 'ruleset')
      expect(causesOf(await dialIn(hosts.client, target, '-c', '300'))).toEqual([])
    })

    it('is said to have lost its listener when its open connections end as well', async () => {
      using hosts = await cabled()
      const target = endpoint(onOneCable.v4.server, 8100)
      const listening = await listenIn(hosts.server, target)
      const dialing = hosts.client.start('dial', target, '-c', '60', '-r', '20/s', '--ndjson', '-q')
      let last: Record<string, unknown> = {}
      let ended = false
      for await (const line of jsonLines(dialing)) {
        last = line
        if (!ended && Number(line.established) >= 10) {
          ended = true
          await listening[Symbol.asyncDispose]()
        }
      }
      const result = last as unknown as Awaited<ReturnType<typeof dialIn>>
      const finding = result.findings.find(({ id }) => id === 'connection-refused')
      expect(finding?.title).toMatch(
        /^the target refused \d+ connections to 198.18.40.2:8100, which accepted \d+ and ended \d+ of them: its listener went away$/
      )
      expect(causesOf(result).toSorted()).toEqual(['connection-refused', 'peer-closed'])
    })
  }
)

describe.skipIf(!mayMakeNamespaces)('a firewall that refuses connections (skipped without root)', () => {
  it.each(families)(
    'on the target, by ICMP, is distinguished from a port without a listener, %s',
    async (family) => {
      using hosts = await cabled()
      const target = endpoint(onOneCable[family].server, 8100)
      await using _listening = await listenIn(hosts.server, target)
      expect(loadRules(hosts.server, rule('input', 'tcp dport 8100 reject'))).toBe(true)
      const result = await dialIn(hosts.client, target, '-c', '50', '--connect-timeout', '2500ms')
      expect(causesOf(result)).toEqual(['connection-refused'])
      expect(result.findings[0]).toMatchObject({
        side: 'server',
        title: expect.stringMatching(
          /^a firewall on the target refused \d+ connections: port unreachable \(ICMP(v6)? type \d code \d\); \d+ more timed out/
        )
      })
    }
  )

  it.each(families)('on a router is named with the address of the router, %s', async (family) => {
    using hosts = await routed()
    const target = endpoint(acrossRouter[family].server, 8100)
    await using _listening = await listenIn(hosts.server, target)
    expect(loadRules(hosts.router, rule('forward', 'tcp dport 8100 reject'))).toBe(true)
    const result = await dialIn(hosts.client, target, '-c', '50', '--connect-timeout', '2500ms')
    expect(causesOf(result)).toEqual(['connection-refused'])
    expect(result.findings[0]).toMatchObject({
      side: 'path',
      title: expect.stringContaining(`${acrossRouter[family].router}, a firewall on the way, refused`)
    })
  })

  it.each(families.flatMap((family) => ['reject', 'reject with tcp reset'].map((how) => ({ family, how }))))(
    'on this host, by $how, is named as a firewall of this host, $family',
    async ({ family, how }) => {
      using hosts = await cabled()
      const target = endpoint(onOneCable[family].server, 8100)
      await using _listening = await listenIn(hosts.server, target)
      expect(loadRules(hosts.client, rule('output', `tcp dport 8100 ${how}`))).toBe(true)
      const result = await dialIn(hosts.client, target, '-c', '50', '--connect-timeout', '2500ms')
      expect(causesOf(result)).toEqual(['connection-refused'])
      expect(result.findings[0]).toMatchObject({
        side: 'client',
        title: expect.stringMatching(/^a rule of this host's own firewall refused 50 connections: /)
      })

      hosts.client.run('nft', 'flush', 'ruleset')
      expect(causesOf(await dialIn(hosts.client, target, '-c', '50'))).toEqual([])
    }
  )
})

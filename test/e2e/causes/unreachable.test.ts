/** A target is reported as unreachable by a route of this host, its link, a router, or the target itself. */
import { describe, expect, it } from 'vitest'
import { causesOf, dialIn, listenIn, loadRules } from '../../helpers/causes.js'
import { mayMakeNamespaces } from '../../helpers/namespace.js'
import { acrossRouter, cabled, endpoint, families, onOneCable, routed, rule } from '../../helpers/networks.js'

/** The errno for ICMP "administratively prohibited". */
const prohibited = { v4: 'EHOSTUNREACH', v6: 'EACCES' }
const icmp = { v4: 'ICMP type 3 code 13', v6: 'ICMPv6 type 1 code 1' }

describe.skipIf(!mayMakeNamespaces)('a firewall that rejects by ICMP (skipped without root)', () => {
  it.each(families)('on the target is named as a firewall of the target, %s', async (family) => {
    using hosts = await cabled()
    const target = endpoint(onOneCable[family].server, 8100)
    await using _listening = await listenIn(hosts.server, target)
    expect(loadRules(hosts.server, rule('input', 'tcp dport 8100 reject with icmpx admin-prohibited'))).toBe(
      true
    )
    const result = await dialIn(hosts.client, target, '-c', '100', '--connect-timeout', '2500ms')
    expect(result.connections).toMatchObject({ established: 0, failed: 100 })
    expect(causesOf(result)).toEqual(['unreachable'])
    expect(result.findings[0]).toMatchObject({
      severity: 'critical',
      side: 'server',
      title: expect.stringMatching(
        new RegExp(
          `connections failed with ${prohibited[family]}: the target itself rejects: administratively prohibited \\(${icmp[family]}\\); a rule of its firewall does that; \\d+ more timed out`
        )
      )
    })
    expect(result.findings[0]?.evidence).toContainEqual({
      name: `icmp.${onOneCable[family].server}`,
      before: null,
      after: expect.stringContaining(`for ${target}: `)
    })
    expect(result.findings[0]?.evidence.map(({ name }) => name)).toContain(
      family === 'v4' ? 'Icmp.InDestUnreachs' : 'Icmp6.InDestUnreachs'
    )

    hosts.server.run('nft', 'flush', 'ruleset')
    expect(causesOf(await dialIn(hosts.client, target, '-c', '100'))).toEqual([])
  })

  it('with the code "no route" is not confused with a missing route of this host', async ({ skip }) => {
    using hosts = await cabled()
    skip(!loadRules(hosts.server, rule('input', 'tcp dport 8100 reject with icmpx no-route')), 'needs nft')
    const target = endpoint(onOneCable.v4.server, 8100)
    const result = await dialIn(hosts.client, target, '-c', '20', '--connect-timeout', '1s')
    expect(causesOf(result)).toEqual(['unreachable'])
    expect(result.findings[0]).toMatchObject({
      side: 'server',
      title: expect.stringContaining('ENETUNREACH: the target itself rejects: network unreachable')
    })
  })

  it.each(families)('on a router is named with the address of the router, %s', async (family) => {
    using hosts = await routed()
    const { server, router } = acrossRouter[family]
    const target = endpoint(server, 8100)
    await using _listening = await listenIn(hosts.server, target)
    expect(
      loadRules(hosts.router, rule('forward', 'tcp dport 8100 reject with icmpx admin-prohibited'))
    ).toBe(true)
    const result = await dialIn(hosts.client, target, '-c', '50', '--connect-timeout', '2500ms')
    expect(causesOf(result)).toEqual(['unreachable'])
    expect(result.findings[0]).toMatchObject({
      side: 'path',
      title: expect.stringContaining(
        `${router}, a router or firewall on the way, rejects: administratively prohibited (${icmp[family]})`
      )
    })
  })

  it.each(families)('on this host is named as a firewall of this host, %s', async (family) => {
    using hosts = await cabled()
    const target = endpoint(onOneCable[family].server, 8100)
    await using _listening = await listenIn(hosts.server, target)
    for (const [reason, said] of [
      ['admin-prohibited', 'administratively prohibited'],
      ['host-unreachable', 'unreachable']
    ]) {
      expect(loadRules(hosts.client, rule('output', `tcp dport 8100 reject with icmpx ${reason}`))).toBe(true)
      const result = await dialIn(hosts.client, target, '-c', '50', '--connect-timeout', '2500ms')
      expect(causesOf(result)).toEqual(['unreachable'])
      expect(result.findings[0]).toMatchObject({
        side: 'client',
        title: expect.stringMatching(new RegExp(`: a rule of this host's own firewall rejects: .*${said}`))
      })
      hosts.client.run('nft', 'flush', 'ruleset')
    }
    expect(causesOf(await dialIn(hosts.client, target, '-c', '50'))).toEqual([])
  })

  it.each(families)(
    'above a number of connections is named with the number it let through, %s',
    async (family) => {
      using hosts = await cabled()
      const target = endpoint(onOneCable[family].server, 8100)
      await using _listening = await listenIn(hosts.server, target)
      const limit = 'tcp dport 8100 ct state new ct count over 50 reject with icmpx admin-prohibited'
      expect(loadRules(hosts.server, rule('input', limit))).toBe(true)
      // ICMP is limited to once per second, and the first error may be for a socket outside of the sample.
      const result = await dialIn(hosts.client, target, '-c', '150', '--connect-timeout', '4500ms')
      expect(result.connections.established).toBe(50)
      expect(causesOf(result)).toEqual(['unreachable'])
      expect(result.findings[0]).toMatchObject({
        side: 'server',
        title: expect.stringContaining('the target itself rejects: administratively prohibited')
      })
    }
  )

  it('on one of two ports explains the timeouts on that port', async ({ skip }) => {
    using hosts = await cabled()
    const target = endpoint(onOneCable.v4.server, '8100-8101')
    await using _listening = await listenIn(hosts.server, target)
    const port = rule('input', 'tcp dport 8100 reject with icmpx admin-prohibited')
    skip(!loadRules(hosts.server, port), 'needs nft')
    const result = await dialIn(hosts.client, target, '-c', '100', '--connect-timeout', '1s')
    expect(result.connections).toMatchObject({ established: 50, failed: 50 })
    expect(causesOf(result)).toEqual(['unreachable'])
  })

  it('on one of two ports does not explain the timeouts on the other', async ({ skip }) => {
    using hosts = await cabled()
    const target = endpoint(onOneCable.v4.server, '8100-8101')
    const ports = 'tcp dport 8100 reject with icmpx admin-prohibited; tcp dport 8101 drop'
    skip(!loadRules(hosts.server, rule('input', ports)), 'needs nft')
    const result = await dialIn(hosts.client, target, '-c', '100', '--connect-timeout', '1s')
    expect(causesOf(result)).toEqual(['unreachable', 'syn-unanswered'])
    expect(result.findings[1]?.title).toMatch(/^9\d of 100 handshakes were never answered within 1s$/)
  })
})

describe.skipIf(!mayMakeNamespaces)('a router (skipped without root)', () => {
  it.each(families)('that has no route to the target is named, %s', async (family) => {
    using hosts = await routed()
    const target = family === 'v4' ? '198.19.0.1:80' : '[fd00:99::1]:80'
    const result = await dialIn(hosts.client, target, '-c', '50', '--connect-timeout', '1500ms')
    expect(causesOf(result)).toEqual(['unreachable'])
    expect(result.findings[0]).toMatchObject({
      side: 'path',
      title: expect.stringContaining(
        `${acrossRouter[family].router}, a router or firewall on the way, says: `
      )
    })
  })

  it('that is part of a routing loop is named together with the loop', async () => {
    using hosts = await routed()
    hosts.router.run('ip', 'route', 'add', '198.19.0.0/16', 'via', acrossRouter.v4.server)
    hosts.server.run('sysctl', '-q', '-w', 'net.ipv4.ip_forward=1')
    const result = await dialIn(hosts.client, '198.19.0.1:80', '-c', '10', '--connect-timeout', '1500ms')
    expect(causesOf(result)).toEqual(['unreachable'])
    expect(result.findings[0]?.title).toContain(
      'time to live exceeded, as in a routing loop (ICMP type 11 code 0)'
    )
  })
})

describe.skipIf(!mayMakeNamespaces)('a next hop that does not answer (skipped without root)', () => {
  it.each(families)('is named, before and after the kernel gives up on it, %s', async (family) => {
    using hosts = await cabled()
    const target = endpoint(onOneCable[family].nobody, 8100)
    for (const timeout of ['400ms', '1300ms', '20s']) {
      const result = await dialIn(hosts.client, target, '-c', '20', '--connect-timeout', timeout)
      expect(causesOf(result)).toEqual(['unreachable'])
      expect(result.findings[0]).toMatchObject({
        side: 'path',
        title: expect.stringMatching(
          /: the target does not answer on the link of cable \((ARP|neighbor discovery)\)/
        )
      })
    }
  })

  it('is distinguished from the target behind it', async () => {
    using hosts = await cabled()
    hosts.client.run('ip', 'route', 'add', '198.19.0.0/16', 'via', onOneCable.v4.nobody)
    const result = await dialIn(hosts.client, '198.19.0.1:80', '-c', '20', '--connect-timeout', '600ms')
    expect(causesOf(result)).toEqual(['unreachable'])
    expect(result.findings[0]?.title).toBe(
      `20 connections timed out: ${onOneCable.v4.nobody}, the router to the target, does not answer on the link of cable (ARP)`
    )
  })
})

describe.skipIf(!mayMakeNamespaces)('a route of this host (skipped without root)', () => {
  it.each(
    families.flatMap((family) =>
      (
        [
          ['prohibit', 'EACCES', 'a prohibit route or a security policy of this host forbids it'],
          ['blackhole', 'EINVAL', 'a blackhole route of this host leads nowhere'],
          ['unreachable', 'EHOSTUNREACH', 'an unreachable route of this host says so'],
          ['throw', 'ENETUNREACH', 'this host has no route to the target']
        ] as const
      ).map(([type, code, reason]) => ({ family, type, code, reason }))
    )
  )('of the type $type is named, $family', async ({ family, type, code, reason }) => {
    using hosts = await cabled()
    const { client, server } = onOneCable[family]
    const target = endpoint(server, 8100)
    await using _listening = await listenIn(hosts.server, target)
    hosts.client.run('ip', 'route', 'add', type, server)
    const result = await dialIn(hosts.client, target, '-s', client, '-c', '20')
    expect(result.errors).toMatchObject([{ phase: 'connect', code, count: 20 }])
    expect(causesOf(result)).toEqual(['unreachable'])
    expect(result.findings[0]).toMatchObject({
      severity: 'critical',
      side: 'client',
      title: `20 connections failed with ${code}: ${reason}`
    })
    // The output shows the route that blocks the target.
    const [, list] = result.findings[0]?.remedy ?? []
    if (list) expect(hosts.client.run('sh', '-c', list)).toContain(`${type} ${server}`)

    hosts.client.run('ip', 'route', 'del', type, server)
    expect(causesOf(await dialIn(hosts.client, target, '-s', client, '-c', '20'))).toEqual([])
  })
})

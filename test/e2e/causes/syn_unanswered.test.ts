/** Handshakes without an answer: dropped, too late, or lost by chance. */
import { describe, expect, it } from 'vitest'
import { causesOf, dialIn, listenIn, loadRules } from '../../helpers/causes.js'
import { mayMakeNamespaces } from '../../helpers/namespace.js'
import { cabled, endpoint, families, onOneCable, rule } from '../../helpers/networks.js'
import { farApart } from '../../helpers/slow_link.js'

describe.skipIf(!mayMakeNamespaces)(
  'answers that come after the connect timeout (skipped without root)',
  () => {
    it.each(families)('are distinguished from dropped SYNs, %s', async (family) => {
      using hosts = await farApart(0.5)
      const target = endpoint(onOneCable[family].server, 8100)
      await using _listening = await listenIn(hosts.server, target)
      const args = [target, '-c', '200', '--window', '40', '--connect-timeout', '600ms']
      const result = await dialIn(hosts.client, ...args)
      expect(result.connections).toMatchObject({ established: 0, failed: 200 })
      expect(causesOf(result)).toEqual(['syn-unanswered'])
      expect(result.findings[0]).toMatchObject({
        side: 'path',
        title: expect.stringMatching(
          /^200 of 200 handshakes were given up within 600ms; \d+ answers came later than that$/
        ),
        remedy: ['# raise the connect timeout above the round-trip time: --connect-timeout']
      })
      expect(result.findings[0]?.evidence.map(({ name }) => name)).toContain('Tcp.OutRsts')
    })

    it('are no finding when the timeout is longer', async () => {
      using hosts = await farApart(0.3)
      const target = endpoint(onOneCable.v4.server, 8100)
      await using _listening = await listenIn(hosts.server, target)
      const result = await dialIn(hosts.client, target, '-c', '50', '--connect-timeout', '20s')
      expect(result.connections.established).toBe(50)
      expect(causesOf(result)).toEqual([])
    })
  }
)

describe.skipIf(!mayMakeNamespaces)('SYNs that are lost at random (skipped without root)', () => {
  // Half of the SYNs, so that one handshake in eight loses all three that fit: 125 of 1,000.
  it('are named as loss even when some handshakes stay unanswered', async ({ skip }) => {
    using hosts = await cabled()
    // As in kernels before 6.5: SYNs after 1 and 3 seconds.
    hosts.client.run('sysctl', '-q', '-w', 'net.ipv4.tcp_syn_linear_timeouts=0')
    const target = endpoint(onOneCable.v4.server, 8100)
    await using _listening = await listenIn(hosts.server, target)
    const half = 'tcp dport 8100 tcp flags & (syn | ack) == syn numgen random mod 100 < 50 drop'
    skip(!loadRules(hosts.server, rule('prerouting', half)), 'needs nft')
    const result = await dialIn(hosts.client, target, '-c', '1000', '--connect-timeout', '5s')
    expect(result.connections.failed).toBeGreaterThan(50)
    expect(causesOf(result)).not.toContain('syn-unanswered')
    expect(causesOf(result)).toContain('syn-loss')
  })
})

describe.skipIf(!mayMakeNamespaces)(
  'SYNs that are dropped above a number of connections (skipped without root)',
  () => {
    it('are named with the number of connections that were answered', async ({ skip }) => {
      using hosts = await cabled()
      const target = endpoint(onOneCable.v4.server, 8100)
      await using _listening = await listenIn(hosts.server, target)
      const limit = rule('input', 'tcp dport 8100 ct state new ct count over 60 drop')
      skip(!loadRules(hosts.server, limit), 'needs nft')
      const result = await dialIn(hosts.client, target, '-c', '100', '--connect-timeout', '1500ms')
      expect(result.connections.established).toBe(60)
      expect(causesOf(result)).toEqual(['syn-unanswered'])
      expect(result.findings[0]?.title).toMatch(/^40 of 100 handshakes were never answered within 1500ms/)
    })
  }
)

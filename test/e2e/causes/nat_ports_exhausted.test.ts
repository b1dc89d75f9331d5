/** A NAT with fewer ports than connections: named on its own host, and by a dial that was given its ports. */
import { describe, expect, it } from 'vitest'
import { causesOf, dialIn, listenIn, loadRules, watchIn } from '../../helpers/causes.js'
import { mayMakeNamespaces } from '../../helpers/namespace.js'
import { routedNamespaces } from '../../helpers/routed.js'

const target = '198.18.2.2:8100'
const ports = '10000-10099'
const beyond = [target, '-c', '300', '--connect-timeout', '2500ms']

const masquerade = (how: string) => `table ip n {
  chain post {
    type nat hook postrouting priority srcnat
    oifname "right" ip protocol tcp masquerade ${how}
  }
}`

describe.skipIf(!mayMakeNamespaces)('a NAT without a free port (skipped without root)', () => {
  it.for([`to :${ports}`, `to :${ports} fully-random`])(
    'is named by a watch on its host, and by a dial that knows its ports (masquerade %s)',
    async (how, { skip }) => {
      using hosts = await routedNamespaces()
      skip(!loadRules(hosts.router, masquerade(how)), 'needs nft with NAT')
      await using _server = await listenIn(hosts.far, target)
      await using watching = await watchIn(hosts.router)
      const result = await dialIn(hosts.client, ...beyond, '--nat-ports', ports)
      expect(result.connections.established).toBe(100)
      expect(causesOf(result)).toEqual(['tuple-space-exhausted'])
      expect(result.findings[0]).toMatchObject({
        severity: 'critical',
        side: 'path',
        title:
          'connections stopped at 100: the NAT described has no more than 100 ports of 1 address for 1 destination',
        remedy: [expect.stringMatching(/^# /), expect.stringMatching(/^# /)]
      })
      const seen = await watching.stop()
      expect(causesOf(seen)).toEqual(['nat-ports-exhausted'])
      expect(seen.findings[0]).toMatchObject({
        severity: 'warning',
        side: 'path',
        title: expect.stringMatching(/^the NAT of this host had no free port for \d+ packets/)
      })
      expect(seen.conntrack).toMatchObject({ dropped: 0, refused: 0 })
      expect(seen.conntrack?.clashed).toBeGreaterThanOrEqual(200)

      // More ports, as the advice says.
      hosts.router.run('nft', 'flush ruleset')
      loadRules(hosts.router, masquerade('to :10000-19999'))
      await using again = await watchIn(hosts.router)
      expect(causesOf(await dialIn(hosts.client, ...beyond, '--nat-ports', '10000-19999'))).toEqual([])
      expect(causesOf(await again.stop())).toEqual([])
    }
  )

  it('is named by a dial that runs on the host of the NAT', async ({ skip }) => {
    using hosts = await routedNamespaces()
    skip(!loadRules(hosts.router, masquerade(`to :${ports}`)), 'needs nft with NAT')
    await using _server = await listenIn(hosts.far, target)
    const result = await dialIn(hosts.router, ...beyond, '--nat-ports', ports)
    expect(result.connections.established).toBe(100)
    expect(causesOf(result)).toEqual(['nat-ports-exhausted'])
    expect(result.findings[0]).toMatchObject({ severity: 'critical', side: 'path' })
  })

  it('is a guess when it has a single port, because the kernel then does not search for one', async ({
    skip
  }) => {
    using hosts = await routedNamespaces()
    skip(!loadRules(hosts.router, masquerade('to :10000')), 'needs nft with NAT')
    await using _server = await listenIn(hosts.far, target)
    await using watching = await watchIn(hosts.router)
    await dialIn(hosts.client, ...beyond)
    const seen = await watching.stop()
    expect(causesOf(seen)).toEqual(['nat-ports-exhausted'])
    expect(seen.findings[0]).toMatchObject({ severity: 'info', title: expect.stringContaining('looks like') })
  })
})

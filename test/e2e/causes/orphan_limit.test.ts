import { describe, expect, it } from 'vitest'
import { readCounters } from '../../../lib/host/counters.js'
import { causesOf, dialIn, listenIn, loadRules } from '../../helpers/causes.js'
import { changeHost, mayChangeHost, whyNot } from '../../helpers/host_changes.js'
import { connectNamespaces, Namespace } from '../../helpers/namespace.js'

/** Drops the FINs of the dialer. */
const unheard = `table inet t {
  chain in {
    type filter hook input priority 0;
    tcp flags & fin == fin drop
  }
}`
const target = '198.18.50.2:8100'

describe.skipIf(!mayChangeHost)(`tcp_max_orphans (${whyNot})`, () => {
  it('is named by a client that closes connections to a silent peer, and closing by RST fixes it', async ({
    skip
  }) => {
    using client = await Namespace.create()
    using server = await Namespace.create()
    connectNamespaces(client, '198.18.50.1/24', server, '198.18.50.2/24')
    skip(!loadRules(server, unheard), 'needs nft')
    await using _listening = await listenIn(server, target)
    const orphans = readCounters()['Sockstat.TCP.orphan'] ?? 0
    using _changed = await changeHost('net.ipv4.tcp_max_orphans', orphans + 300)
    const churn = ['-c', '100', '--churn', '-r', '1000', '--duration', '2s']
    const result = await dialIn(client, target, ...churn, '--close', 'fin')
    expect(causesOf(result)).toEqual(['orphan-limit'])
    expect(result.findings[0]).toMatchObject({
      severity: 'warning',
      side: 'client',
      // No data was sent, so memory is not the reason; the limit cannot be read in this namespace.
      title: expect.stringMatching(
        /^[\d,]+ closed connections were reset because too many on the whole host waited for their peer$/
      )
    })
    expect(result.findings[0]?.remedy).toContain('c1m-native dial --close rst ...')
    const healed = await dialIn(client, target, ...churn, '--close', 'rst')
    expect(healed.connections.established).toBeGreaterThan(300)
    expect(causesOf(healed)).toEqual([])
  })
})

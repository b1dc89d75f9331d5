import { describe, expect, it } from 'vitest'
import type { Plan } from '../../../lib/plan/plan.js'
import { causesOf, dialIn, heldBy, listenIn, loadRules, tracked, watchIn } from '../../helpers/causes.js'
import { changeHost, mayChangeHost, whyNot } from '../../helpers/host_changes.js'
import { mayMakeNamespaces, Namespace } from '../../helpers/namespace.js'

const target = '127.0.0.1:8100'

describe.skipIf(!mayChangeHost)(`nf_conntrack_max (${whyNot})`, () => {
  it('is named on both sides when the table is full, with its value', async ({ skip }) => {
    using host = await Namespace.create()
    skip(!loadRules(host, tracked), 'needs nft with connection tracking')
    await using _server = await listenIn(host, target)
    await using watching = await watchIn(host, target)
    using _changed = await changeHost('net.netfilter.nf_conntrack_max', 500)
    const result = await dialIn(host, target, '-c', '800', '--connect-timeout', '1200ms')
    // Each CPU that adds an entry may exceed the limit by one.
    expect(result.connections.established).toBeLessThan(520)
    expect(causesOf(result)).toEqual(['conntrack-table-full'])
    expect(result.findings[0]).toMatchObject({
      severity: 'critical',
      side: 'client',
      title: expect.stringMatching(/^connection tracking is full at 500 entries: [\d,]+ packets/),
      evidence: expect.arrayContaining([{ name: 'net.netfilter.nf_conntrack_max', before: null, after: 500 }])
    })
    const seen = await watching.found()
    expect(causesOf(seen)).toEqual(['conntrack-table-full'])
    expect(seen.findings[0]).toMatchObject({ side: 'server' })
  })
})

describe.skipIf(!mayMakeNamespaces)('connections beyond nf_conntrack_max (skipped without root)', () => {
  it.for([
    ['to a port', [target]],
    ['of a self-dial', []]
  ] as const)(
    '%s are predicted, and no longer once the rules of the remedy exclude them from tracking',
    async ([, targets], { skip }) => {
      using host = await Namespace.create()
      skip(!loadRules(host, tracked), 'needs nft with connection tracking')
      await using _server = await listenIn(host, '127.0.0.1:8200')
      await using _others = await heldBy(host, '127.0.0.1:8200', '-c', '10')
      const conntrack = (name: string) =>
        Number(host.run('cat', `/proc/sys/net/netfilter/nf_conntrack_${name}`))
      const foreseen = async () => {
        const count = `${conntrack('max') + 1000}`
        const { stdout } = await host.cli('plan', ...targets, '-c', count, '--json')
        return JSON.parse(stdout) as Plan
      }
      const before = await foreseen()
      const named = before.findings.find(({ id }) => id === 'conntrack-table-full')
      expect(named).toMatchObject({ severity: 'critical' })
      for (const line of named?.remedy ?? []) if (line.startsWith('nft ')) host.run('sh', '-c', line)

      const after = await foreseen()
      expect(causesOf(after)).not.toContain('conntrack-table-full')
      expect(after.needs.client.conntrackEntries).toBe(0)
      // The plan was right: no connection is tracked.
      await using _server8100 = await listenIn(host, target)
      await using _held = await heldBy(host, ...targets, '-c', '500')
      expect(conntrack('count')).toBeLessThan(20)
    }
  )
})

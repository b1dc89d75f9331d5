import { describe, expect, it } from 'vitest'
import { causesOf, dialIn, listenIn, loadRules, tracked, watchIn } from '../../helpers/causes.js'
import { changeHost, mayChangeHost, whyNot } from '../../helpers/host_changes.js'
import { Namespace } from '../../helpers/namespace.js'

const target = '127.0.0.1:8100'

describe.skipIf(!mayChangeHost)(`nf_conntrack_max (${whyNot})`, () => {
  it('is named on both sides, with what it is', async ({ skip }) => {
    using host = await Namespace.create()
    skip(!loadRules(host, tracked), 'needs nft with connection tracking')
    await using _server = await listenIn(host, target)
    await using watching = await watchIn(host, target)
    using _changed = await changeHost('net.netfilter.nf_conntrack_max', 500)
    const result = await dialIn(host, target, '-c', '800', '--connect-timeout', '1200ms')
    // Each CPU that makes an entry may go one beyond.
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

import { describe, expect, it } from 'vitest'
import { causesOf, dialIn, listenIn, loadRules } from '../../helpers/causes.js'
import { connectNamespaces, mayMakeNamespaces, Namespace } from '../../helpers/namespace.js'

/** Every tenth SYN is lost. */
const lossy = `table inet t {
  chain in {
    type filter hook prerouting priority -400;
    tcp flags & (syn | ack) == syn numgen inc mod 10 == 0 drop
  }
}`
const black = `table inet t {
  chain in {
    type filter hook prerouting priority -400;
    tcp dport 8100 drop
  }
}`
const target = '198.18.30.2:8100'

describe.skipIf(!mayMakeNamespaces)('SYNs dropped on the path (skipped without root)', () => {
  it('are named as loss when some are lost, by the times at which they were repeated', async ({ skip }) => {
    using client = await Namespace.create()
    using server = await Namespace.create()
    connectNamespaces(client, '198.18.30.1/24', server, '198.18.30.2/24')
    skip(!loadRules(server, lossy), 'needs nft')
    await using _listening = await listenIn(server, target)
    const result = await dialIn(client, target, '-c', '100', '--connect-timeout', '20s')
    expect(result.connections).toMatchObject({ established: 100, failed: 0 })
    expect(causesOf(result)).toEqual(['syn-loss'])
    expect(result.findings[0]).toMatchObject({ side: 'path' })
    expect(result.findings[0]?.title).toMatch(/^\d+ connections \(\d+ %\) needed more than one SYN/)
    expect(result.findings[0]?.title).toMatch(/their latencies gather at 1 s/)
  })

  it('are only an info finding when fewer than one in a hundred are lost', async ({ skip }) => {
    using client = await Namespace.create()
    using server = await Namespace.create()
    connectNamespaces(client, '198.18.30.1/24', server, '198.18.30.2/24')
    skip(!loadRules(server, lossy.replace('mod 10', 'mod 200')), 'needs nft')
    await using _listening = await listenIn(server, target)
    const result = await dialIn(client, target, '-c', '1000', '--connect-timeout', '20s')
    expect(result.connections).toMatchObject({ established: 1000, failed: 0 })
    expect(causesOf(result)).toEqual(['syn-loss'])
    expect(result.findings[0]).toMatchObject({ severity: 'info', side: 'path' })
  })

  it('are named as a target that never answers when all of them are lost', async ({ skip }) => {
    using client = await Namespace.create()
    using server = await Namespace.create()
    connectNamespaces(client, '198.18.30.1/24', server, '198.18.30.2/24')
    skip(!loadRules(server, black), 'needs nft')
    const result = await dialIn(client, target, '-c', '50', '--connect-timeout', '1200ms')
    expect(result.connections).toMatchObject({ established: 0, failed: 50 })
    expect(causesOf(result)).toEqual(['syn-unanswered'])
    expect(result.findings[0]?.title).toMatch(/^none of 50 SYNs was answered/)
  })
})

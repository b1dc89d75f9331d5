import { describe, expect, it } from 'vitest'
import { causesOf, heldBy, listenIn, loadRules, watchIn } from '../../helpers/causes.js'
import { connectNamespaces, mayMakeNamespaces, Namespace } from '../../helpers/namespace.js'

const target = '198.18.30.2:8100'

const deaf = `table inet t {
  chain in {
    type filter hook prerouting priority -400;
    tcp sport 8100 drop
  }
}`

describe.skipIf(!mayMakeNamespaces)('answers that do not reach the clients (skipped without root)', () => {
  it('are named by a watch beside the server', async ({ skip }) => {
    using client = await Namespace.create()
    using server = await Namespace.create()
    connectNamespaces(client, '198.18.30.1/24', server, '198.18.30.2/24')
    await using _listening = await listenIn(server, target, '--mode', 'echo')
    const talk = ['-c', '50', '--message-size', '5', '--every', '300ms', '--exchange-timeout', '50s']
    await using _dialing = await heldBy(client, target, ...talk)
    await using watching = await watchIn(server, target)
    skip(!loadRules(client, deaf), 'needs nft')
    const { findings } = await watching.found()
    expect(causesOf({ findings })).toEqual(['data-unacknowledged'])
    expect(findings[0]).toMatchObject({
      severity: 'warning',
      side: 'path',
      title: expect.stringMatching(/^\d+ of 50 connections at port 8100 \(\d+ %\) get no acknowledgement/)
    })
  })
})

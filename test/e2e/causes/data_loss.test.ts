import { describe, expect, it } from 'vitest'
import { causesOf, dialIn, listenIn, loadRules } from '../../helpers/causes.js'
import { connectNamespaces, mayMakeNamespaces, Namespace } from '../../helpers/namespace.js'

const server = '198.18.1.2:8100'
const held = [server, '-c', '100', '--message-size', '10', '--every', '100ms', '--hold', '3s']
const churned = [server, '-c', '100', '-r', '300/s', '--message-size', '10', '--churn', '--duration', '3s']

/** Drops this percentage of the packets of established connections. */
async function lossy(percent: number) {
  const client = await Namespace.create()
  const far = await Namespace.create()
  connectNamespaces(client, '198.18.1.1/24', far, '198.18.1.2/24')
  const rules = `table ip f {
    chain i {
      type filter hook prerouting priority -400;
      tcp dport 8100 tcp flags & (psh | fin) == psh numgen random mod 100 < ${percent} drop;
    }
  }`
  return { client, far, hasLoss: loadRules(far, rules) }
}

describe.skipIf(!mayMakeNamespaces)('loss on established connections (skipped without root)', () => {
  it.for([
    ['while they are held', held],
    ['in a churn', churned]
  ] as const)('is named with the share of segments lost, %s', async ([, options], { skip }) => {
    const { client, far, hasLoss } = await lossy(30)
    using _client = client
    using _far = far
    skip(!hasLoss, 'there is no nft here')
    await using _server = await listenIn(far, server, '--mode', 'echo')
    const result = await dialIn(client, ...options, '--exchange-timeout', '1m')
    expect(causesOf(result)).toEqual(['data-loss'])
    expect(result.findings[0]).toMatchObject({ side: 'path' })
    expect(result.findings[0]?.title).toMatch(/^[\d,]+ of [\d,]+ segments \([\d.]+ %\) were lost/)
  })

  it('is not named when only other connections in the namespace lose packets', async ({ skip }) => {
    const { client, far, hasLoss } = await lossy(30)
    using _client = client
    using _far = far
    skip(!hasLoss, 'there is no nft here')
    await using _lossy = await listenIn(far, server, '--mode', 'echo')
    await using _server = await listenIn(far, '198.18.1.2:8200', '--mode', 'echo')
    const other = dialIn(client, ...held, '--exchange-timeout', '1m')
    const result = await dialIn(
      client,
      ...['198.18.1.2:8200', '-c', '100', '--message-size', '10', '--every', '100ms', '--hold', '3s']
    )
    await other
    expect(causesOf(result)).toEqual([])
  })
})

import { describe, expect, it } from 'vitest'
import { causesOf, dialIn, listenIn, loadRules } from '../../helpers/causes.js'
import { mayMakeNamespaces } from '../../helpers/namespace.js'
import { type Routed, routedNamespaces } from '../../helpers/routed.js'

const server = '198.18.2.2:8100'
const talk = [server, '-c', '40', '--message-size', '10', '--every', '4s', '--exchange-timeout', '2s']

/** A firewall that forgets connections after two seconds, and then drops or resets their packets. */
function forgets({ router }: Routed, verdict: string): boolean {
  const rules = `table ip f {
    chain f { type filter hook forward priority 0; ct state established accept; ct state new accept; ${verdict}; }
  }`
  if (!loadRules(router, rules)) return false
  router.run(
    ...(['sysctl', '-q', '-w', 'net.netfilter.nf_conntrack_tcp_loose=0'] as const),
    'net.netfilter.nf_conntrack_tcp_timeout_established=2'
  )
  return true
}

describe.skipIf(!mayMakeNamespaces)('a firewall that forgets idle connections (skipped without root)', () => {
  it('is named by the packets it drops, and keepalive probes prevent it', async ({ skip }) => {
    using net = await routedNamespaces()
    skip(!forgets(net, 'drop'), 'there is no nft here, or no connection tracking')
    await using _server = await listenIn(net.far, server, '--mode', 'echo')
    const result = await dialIn(net.client, ...talk, '--hold', '20s')
    expect(result.exchange?.failures).toMatchObject({ unacknowledged: 40, reset: 0 })
    expect(causesOf(result)).toEqual(['idle-connection-forgotten'])
    const [finding] = result.findings
    expect(finding).toMatchObject({ severity: 'critical', side: 'path' })
    expect(finding?.title).toMatch(
      /^40 connections were forgotten on the way after [2-4]\.\d s idle: their next data was never acknowledged, while a new connection is answered/
    )
    const [keepalive = ''] = /--keepalive \d+s/.exec(finding?.remedy[0] ?? '') ?? []
    const mended = await dialIn(net.client, ...talk, '--hold', '9s', ...keepalive.split(' '))
    expect(causesOf(mended)).toEqual([])
    expect(mended.exchange).toMatchObject({ failed: 0 })
  }, 60_000)

  it('is named by the connections it resets', async ({ skip }) => {
    using net = await routedNamespaces()
    skip(!forgets(net, 'reject with tcp reset'), 'there is no nft here, or no connection tracking')
    await using _server = await listenIn(net.far, server, '--mode', 'echo')
    const result = await dialIn(net.client, ...talk, '--hold', '20s')
    expect(result.exchange?.failures).toMatchObject({ unacknowledged: 0, reset: 40 })
    expect(causesOf(result)).toEqual(['idle-connection-forgotten'])
    expect(result.findings[0]?.title).toMatch(/idle: their next data was reset, while/)
  })
})

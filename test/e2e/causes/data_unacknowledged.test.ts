import { describe, expect, it } from 'vitest'
import { actingWhen } from '../../helpers/acting_when.js'
import { causesOf, dialIn, listenIn, loadRules } from '../../helpers/causes.js'
import { connectNamespaces, mayMakeNamespaces, Namespace } from '../../helpers/namespace.js'
import { routedNamespaces } from '../../helpers/routed.js'

const server = '198.18.2.2:8100'

describe.skipIf(!mayMakeNamespaces)('data that is never acknowledged (skipped without root)', () => {
  // The kernel probes after several retransmission timeouts, each twice the one before, and so does the other end.
  it('because a link drops full-size packets silently is a black hole, which MTU probing fixes', {
    timeout: 90_000
  }, async ({ skip }) => {
    using net = await routedNamespaces()
    const { client, router, far } = net
    router.run('ip', 'link', 'set', 'right', 'mtu', '1400')
    const filter = 'table ip f { chain o { type filter hook output priority 0; ip protocol icmp drop; }; }'
    skip(!loadRules(router, filter), 'there is no nft here')
    await using _server = await listenIn(far, server, '--mode', 'echo')
    const talk = [server, '-c', '40', '--message-size', '8000']
    const result = await dialIn(client, ...talk, '--exchange-timeout', '2s')
    expect(result.exchange).toMatchObject({ completed: 0, failed: 40, failures: { unacknowledged: 40 } })
    expect(causesOf(result)).toEqual(['data-unacknowledged'])
    const [finding] = result.findings
    expect(finding).toMatchObject({ severity: 'critical', side: 'path' })
    expect(finding?.title).toBe(
      'the data of 40 of 40 exchanges was sent again and again, and never acknowledged: it looks like a path MTU black hole for segments of 1,448 bytes, smaller ones arrive'
    )
    const [probing = ''] = finding?.remedy ?? []
    for (const namespace of [client, far]) namespace.run('sh', '-c', probing.replace('sysctl', 'sysctl -q'))
    const mended = await dialIn(client, ...talk, '--exchange-timeout', '60s')
    expect(mended.exchange).toMatchObject({ completed: 40, failed: 0 })
    expect(causesOf(mended)).not.toContain('data-unacknowledged')
  })

  it('is not called a black hole when even small packets are lost', async ({ skip }) => {
    using client = await Namespace.create()
    using far = await Namespace.create()
    connectNamespaces(client, '198.18.1.1/24', far, '198.18.1.2/24')
    await using _server = await listenIn(far, '198.18.1.2:8100', '--mode', 'echo')
    const rules =
      'table ip f { chain i { type filter hook prerouting priority -400; tcp dport 8100 tcp flags & psh == psh drop; }; }'
    skip(!loadRules(far, rules), 'there is no nft here')
    const result = await dialIn(
      client,
      ...['198.18.1.2:8100', '-c', '40', '--message-size', '64', '--exchange-timeout', '2s']
    )
    expect(causesOf(result)).toEqual(['data-unacknowledged'])
    expect(result.findings[0]?.title).toBe(
      'the data of 40 of 40 exchanges was sent again and again, and never acknowledged: something on the way drops the packets of established connections'
    )
  })

  it('after earlier exchanges were answered means that the path or the peer went away', async ({ skip }) => {
    using client = await Namespace.create()
    using far = await Namespace.create()
    connectNamespaces(client, '198.18.1.1/24', far, '198.18.1.2/24')
    skip(!loadRules(far, 'table ip probe { }'), 'there is no nft here')
    await using _server = await listenIn(far, '198.18.1.2:8100', '--mode', 'echo')
    const run = client.start(
      ...['dial', '198.18.1.2:8100', '-c', '40', '--message-size', '64', '--every', '500ms'],
      ...['--hold', '30s', '--exchange-timeout', '2s', '--ndjson', '-q']
    )
    const result = await actingWhen(
      run,
      ({ exchanges }) => exchanges >= 200,
      () => {
        far.run('nft', 'table ip f { chain i { type filter hook input priority 0; drop; }; }')
      }
    )
    expect(result.exchange?.failures.unacknowledged).toBe(40)
    expect(causesOf(result)).toEqual(['data-unacknowledged'])
    expect(result.findings[0]?.title).toMatch(/although earlier exchanges .* were answered/)
  })

  it('is not reported for unanswered keepalive probes: those connections are dead', async ({ skip }) => {
    using client = await Namespace.create()
    using far = await Namespace.create()
    connectNamespaces(client, '198.18.1.1/24', far, '198.18.1.2/24')
    skip(!loadRules(far, 'table ip probe { }'), 'there is no nft here')
    client.run('sysctl', '-q', '-w', 'net.ipv4.tcp_keepalive_probes=1')
    await using _server = await listenIn(far, '198.18.1.2:8100')
    const run = client.start(
      ...['dial', '198.18.1.2:8100', '-c', '40', '--keepalive', '1s', '--hold', '30s', '--ndjson', '-q']
    )
    const result = await actingWhen(
      run,
      ({ phase }) => phase === 'holding',
      () => {
        far.run('nft', 'table ip f { chain i { type filter hook input priority 0; drop; }; }')
      }
    )
    expect(causesOf(result)).toEqual(['dead-connections'])
    expect(result.findings[0]?.title).toMatch(/^40 of 40 connections are dead/)
  })
})

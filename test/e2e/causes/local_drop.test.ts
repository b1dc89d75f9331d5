/** SYNs and answers that the dialing host drops itself, by its firewall or its shaper. */
import { describe, expect, it } from 'vitest'
import { causesOf, dialIn, listenIn, loadRules } from '../../helpers/causes.js'
import { mayMakeNamespaces, type Namespace } from '../../helpers/namespace.js'
import { cabled, endpoint, families, onOneCable, rule } from '../../helpers/networks.js'

const dropped = families.flatMap((family) => ['500ms', '1500ms'].map((timeout) => ({ family, timeout })))

/** Lets the device send only a few packets per second. */
function shape(host: Namespace): boolean {
  try {
    host.run(
      'tc',
      'qdisc',
      'add',
      'dev',
      'cable',
      'root',
      ...'tbf rate 20kbit burst 2000 limit 2000'.split(' ')
    )
    return true
  } catch {
    return false
  }
}

describe.skipIf(!mayMakeNamespaces)('a host that drops its own SYNs (skipped without root)', () => {
  it.each(dropped.flatMap((one) => ['output', 'postrouting'].map((hook) => ({ ...one, hook }))))(
    'by a rule in $hook is named, $family given up after $timeout',
    async ({ family, timeout, hook }) => {
      using hosts = await cabled()
      const target = endpoint(onOneCable[family].server, 8100)
      await using _listening = await listenIn(hosts.server, target)
      expect(loadRules(hosts.client, rule(hook, 'tcp dport 8100 drop'))).toBe(true)
      const result = await dialIn(hosts.client, target, '-c', '100', '--connect-timeout', timeout)
      expect(result.connections).toMatchObject({ established: 0, failed: 100 })
      expect(causesOf(result)).toEqual(['local-drop'])
      expect(result.findings[0]).toMatchObject({
        severity: 'critical',
        side: 'client',
        title: expect.stringMatching(/its own packets before they left.*a rule of its firewall does that/)
      })

      hosts.client.run('nft', 'flush', 'ruleset')
      expect(causesOf(await dialIn(hosts.client, target, '-c', '100'))).toEqual([])
    }
  )

  it.each(dropped)('by a shaper is named, $family given up after $timeout', async ({ family, timeout }) => {
    using hosts = await cabled()
    const target = endpoint(onOneCable[family].server, 8100)
    await using _listening = await listenIn(hosts.server, target)
    expect(shape(hosts.client)).toBe(true)
    const result = await dialIn(hosts.client, target, '-c', '1000', '--connect-timeout', timeout)
    expect(result.connections.failed).toBeGreaterThan(800)
    expect(causesOf(result)).toEqual(['local-drop'])
    expect(result.findings[0]).toMatchObject({
      side: 'client',
      title: expect.stringContaining('the queue of a device does that')
    })

    hosts.client.run('tc', 'qdisc', 'del', 'dev', 'cable', 'root')
  })

  it.each(families)('by a rule for one SYN in five is named instead of loss, %s', async (family) => {
    using hosts = await cabled()
    const target = endpoint(onOneCable[family].server, 8100)
    await using _listening = await listenIn(hosts.server, target)
    const some = 'tcp dport 8100 tcp flags & (syn | ack) == syn numgen inc mod 5 == 0 drop'
    expect(loadRules(hosts.client, rule('output', some))).toBe(true)
    const result = await dialIn(hosts.client, target, '-c', '100', '--connect-timeout', '20s')
    expect(result.connections.established).toBe(100)
    expect(causesOf(result)).toEqual(['local-drop'])
  })
})

describe.skipIf(!mayMakeNamespaces)(
  'a host that drops the SYN-ACKs it receives (skipped without root)',
  () => {
    it.each(families.flatMap((family) => ['prerouting', 'input'].map((hook) => ({ family, hook }))))(
      'by a rule in $hook is named, $family',
      async ({ family, hook }) => {
        using hosts = await cabled()
        const target = endpoint(onOneCable[family].server, 8100)
        await using _listening = await listenIn(hosts.server, target)
        expect(loadRules(hosts.client, rule(hook, 'tcp sport 8100 drop'))).toBe(true)
        const result = await dialIn(hosts.client, target, '-c', '100', '--connect-timeout', '1500ms')
        expect(causesOf(result)).toEqual(['local-drop'])
        expect(result.findings[0]).toMatchObject({
          severity: 'critical',
          side: 'client',
          title: expect.stringContaining(
            'packets that came in for it, as many as the answers that are missing'
          )
        })
      }
    )
  }
)

describe.skipIf(!mayMakeNamespaces)('a host that drops other packets (skipped without root)', () => {
  it.each(families)('is not named when the target drops the SYNs, %s', async (family) => {
    using hosts = await cabled()
    const target = endpoint(onOneCable[family].server, 8100)
    expect(loadRules(hosts.server, rule('input', 'tcp dport 8100 drop'))).toBe(true)
    expect(loadRules(hosts.client, rule('output', 'tcp dport 9 drop'))).toBe(true)
    const result = await dialIn(hosts.client, target, '-c', '100', '--connect-timeout', '1500ms')
    expect(causesOf(result)).toEqual(['syn-unanswered'])
    expect(result.findings[0]?.title).toBe(
      'none of 100 SYNs was answered within 1500ms: the target or a firewall on the way drops them, or the answers take longer'
    )
  })
})

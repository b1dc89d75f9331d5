/** Firewall rules on the host of a server, seen by a watch that counts drops. */
import { describe, expect, it } from 'vitest'
import { causesOf, dialIn, listenIn, loadRules, watchIn } from '../../helpers/causes.js'
import type { Namespace } from '../../helpers/namespace.js'
import { mayMakeNamespaces, Namespace as Namespaces } from '../../helpers/namespace.js'

const target = '127.0.0.1:8100'
const args = [target, '-c', '100', '--connect-timeout', '1200ms']

const rule = (hook: string, what: string) => `table inet f {
  chain c {
    type filter hook ${hook} priority filter
    ${what}
  }
}`

/** The result of a watch with --drops during a dial; null when this kernel does not report drops. */
async function watched(host: Namespace) {
  await using watching = await watchIn(host, target, '--drops')
  const dialed = await dialIn(host, ...args)
  const seen = await watching.stop()
  return seen.drops?.scope === 'ends' ? { dialed, seen } : null
}

describe.skipIf(!mayMakeNamespaces)('a firewall rule (skipped without root)', () => {
  it.for([
    ['input', 'tcp dport 8100 drop', 0],
    ['input', 'tcp dport 8100 ct state new ct count over 30 drop', 30],
    ['prerouting', 'tcp dport 8100 drop', 0],
    ['input', 'tcp dport 8100 reject', 0]
  ] as const)('at %s that says `%s` is named', async ([hook, what, established], { skip }) => {
    using host = await Namespaces.create()
    skip(!loadRules(host, rule(hook, what)), 'needs nft')
    await using _server = await listenIn(host, target)
    const result = await watched(host)
    if (result === null) return skip('this kernel does not tell which packets it drops')
    expect(result.dialed.connections.established).toBe(established)
    expect(causesOf(result.seen)).toEqual(['firewall-drop'])
    expect(result.seen.findings[0]).toMatchObject({
      severity: 'warning',
      side: 'server',
      title: expect.stringMatching(
        new RegExp(
          `^a firewall rule of this host dropped or rejected \\d+ packets of the watched ports, at ${hook}$`
        )
      )
    })

    // As the advice says: the rule lets the port pass.
    host.run('nft', 'flush ruleset')
    const healed = await watched(host)
    expect(healed?.dialed.connections.established).toBe(100)
    expect(causesOf(healed?.seen ?? { findings: [] })).toEqual([])
  })

  it('for another port is not named', async ({ skip }) => {
    using host = await Namespaces.create()
    skip(!loadRules(host, rule('input', 'tcp dport 8200 drop')), 'needs nft')
    await using _server = await listenIn(host, target)
    const elsewhere = dialIn(host, '127.0.0.1:8200', '-c', '50', '--connect-timeout', '300ms')
    const result = await watched(host)
    await elsewhere
    if (result === null) return skip('this kernel does not tell which packets it drops')
    expect(causesOf(result.seen)).toEqual([])
  })
})

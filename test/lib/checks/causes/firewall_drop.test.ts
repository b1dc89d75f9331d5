import { expect, it } from 'vitest'
import { firewallDrop } from '../../../../lib/checks/causes/firewall_drop.js'
import type { DropSummary } from '../../../../lib/observe/drops.js'
import { rose, watching } from '../fixtures.js'

const input = ['nft_do_chain', 'nft_do_chain_inet', 'nf_hook_slow', 'ip_local_deliver']

function dropped(packets: number, scope: DropSummary['scope'] = 'ends', chain = input): DropSummary {
  return { packets, sites: [{ reason: 'NETFILTER_DROP', packets, chain }], lost: 0, ignored: [], scope }
}

const explain = (drops: DropSummary | null, deltas: Parameters<typeof rose>[0] = {}) =>
  firewallDrop.explain?.(watching({ drops, deltas: rose(deltas) }))

it('firewall-drop names the hook', () => {
  expect(explain(dropped(400), { 'Tcp.PassiveOpens': 100, 'Tcp.InSegs': 400 })).toMatchObject({
    severity: 'warning',
    side: 'server',
    title: 'a firewall rule of this host dropped or rejected 400 packets of the watched ports, at input',
    evidence: [{ name: 'NETFILTER_DROP at input', before: null, after: 400 }]
  })
})

it('firewall-drop needs counted drops of more than a few packets, on a port of the run', () => {
  expect(explain(null)).toBeNull()
  expect(explain(dropped(9))).toBeNull()
  expect(explain(dropped(400, 'namespace'))).toBeNull()
  expect(explain(dropped(400, 'host'))).toBeNull()
})

it('firewall-drop is silent for few drops beside the opened connections, and info beside all segments', () => {
  expect(explain(dropped(20), { 'Tcp.PassiveOpens': 10_000 })).toBeNull()
  expect(explain(dropped(20), { 'Tcp.InSegs': 1_000_000 })).toMatchObject({ severity: 'info' })
})

it('firewall-drop ignores what connection tracking drops', () => {
  expect(explain(dropped(400), { 'Conntrack.drop': 400 })).toBeNull()
  const chains = { 'Conntrack.insert_failed': 395, 'Conntrack.chaintoolong': 395 }
  expect(explain(dropped(400), chains)).toBeNull()
})

it('firewall-drop is on the path when the host forwards', () => {
  const forwarded = dropped(400, 'ends', ['nft_do_chain', 'nf_hook_slow', 'ip_forward'])
  expect(explain(forwarded)).toMatchObject({ side: 'path', title: expect.stringContaining('at forward') })
})

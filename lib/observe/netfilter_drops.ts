/** Packets dropped by netfilter, by hook: the call chains of counted drops show the hook. */
import type { DropSite } from './drops.js'

/** The place on the path of a packet where netfilter runs. */
export type NetfilterHook = 'ingress' | 'prerouting' | 'input' | 'forward' | 'output' | 'postrouting'

export interface NetfilterDrops {
  hook: NetfilterHook
  packets: number
}

/** The function that calls netfilter, without suffixes of the compiler (`.part.0`), and the hook it runs. */
const callers: Readonly<Record<string, NetfilterHook>> = {
  __netif_receive_skb_core: 'ingress',
  ip_rcv: 'prerouting',
  ip_list_rcv: 'prerouting',
  ip_sublist_rcv: 'prerouting',
  ipv6_rcv: 'prerouting',
  ipv6_list_rcv: 'prerouting',
  ip6_sublist_rcv: 'prerouting',
  ip_local_deliver: 'input',
  ip6_input: 'input',
  ip_forward: 'forward',
  ip6_forward: 'forward',
  __ip_local_out: 'output',
  __ip6_local_out: 'output',
  ip6_xmit: 'output',
  ip_output: 'postrouting',
  ip6_output: 'postrouting'
}

/** Most frequent first. Leaves out sites whose call chain does not show the hook. */
export function netfilterDrops(sites: readonly DropSite[]): NetfilterDrops[] {
  const byHook = new Map<NetfilterHook, number>()
  for (const { reason, packets, chain } of sites) {
    const hook = reason === 'NETFILTER_DROP' ? hookOf(chain) : undefined
    if (hook) byHook.set(hook, (byHook.get(hook) ?? 0) + packets)
  }
  return [...byHook].map(([hook, packets]) => ({ hook, packets })).sort((a, b) => b.packets - a.packets)
}

function hookOf(chain: readonly string[]): NetfilterHook | undefined {
  const names = chain.map((name) => name.replace(/\..*$/, ''))
  return callers[names.find((name) => Object.hasOwn(callers, name)) ?? '']
}

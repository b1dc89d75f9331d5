import { expect, it } from 'vitest'
import { netfilterDrops } from '../../../lib/observe/netfilter_drops.js'

const site = (packets: number, chain: string, reason = 'NETFILTER_DROP') => ({
  reason,
  packets,
  chain: chain.split(' < ')
})

// Chains as Linux 6.18 shows them.
it('netfilterDrops reads the hook from the call chain, most frequent first', () => {
  expect(
    netfilterDrops([
      site(3, 'nft_do_chain < nft_do_chain_inet < nf_hook_slow < ip_rcv < __netif_receive_skb_one_core'),
      site(299, 'nft_do_chain < nft_do_chain_inet < nf_hook_slow < ip_local_deliver < process_backlog'),
      site(1, 'nft_do_chain < nf_hook_slow < ip_local_deliver.part.0 < process_backlog'),
      site(600, 'nft_do_chain < nf_hook_slow < __ip_local_out < ip_build_and_send_pkt < tcp_v4_send_synack')
    ])
  ).toEqual([
    { hook: 'output', packets: 600 },
    { hook: 'input', packets: 300 },
    { hook: 'prerouting', packets: 3 }
  ])
})

it('netfilterDrops knows the functions of IPv6 and of a forwarding host', () => {
  const hooks = [
    'ip6_input',
    'ipv6_rcv',
    'ip6_xmit < tcp_v6_send_synack',
    'ip6_output < ip6_xmit',
    'ip_forward'
  ]
  expect(
    hooks.map((caller) => netfilterDrops([site(1, `nft_do_chain < nf_hook_slow < ${caller}`)])[0]?.hook)
  ).toEqual(['input', 'prerouting', 'output', 'postrouting', 'forward'])
})

it('netfilterDrops leaves out other reasons, and call chains without a hook', () => {
  expect(netfilterDrops([site(5, 'tcp_v4_rcv < ip_local_deliver', 'NO_SOCKET'), site(5, '')])).toEqual([])
})

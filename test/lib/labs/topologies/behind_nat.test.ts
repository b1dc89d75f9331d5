import { describe, expect, it } from 'vitest'
import { behindNat } from '../../../../lib/labs/topologies/behind_nat.js'

const rulesOf = (options: Partial<Parameters<typeof behindNat>[0]>) =>
  behindNat({ ipv6: false, clients: 2, ports: 33, ...options }).namespaces.nat?.rules

describe('hosts behind a NAT', () => {
  it('reach the server through it, each from a subnet of its own', () => {
    const { namespaces, links } = behindNat({ ipv6: false, clients: 2, ports: 33 })
    expect(Object.keys(namespaces)).toEqual(['nat', 'server', 'client1', 'client2'])
    expect(links.flat().map(({ namespace, addresses }) => `${namespace} ${addresses.join(' ')}`)).toEqual([
      'nat 198.18.2.1/24 198.18.2.101/24',
      'server 198.18.2.2/24',
      'nat 198.18.10.1/24',
      'client1 198.18.10.2/24',
      'nat 198.18.11.1/24',
      'client2 198.18.11.2/24'
    ])
  })

  it.each([
    ['one address', {}, 'snat ip to 198.18.2.101:2048-2080;'],
    ['any port', { random: true }, 'to 198.18.2.101:2048-2080 fully-random;'],
    ['several addresses, one for each host', { addresses: 3 }, 'to 198.18.2.101-198.18.2.103:2048-2080;'],
    [
      'several addresses in turn',
      { addresses: 2, choice: 'addresses' as const },
      'to numgen inc mod 2 map { 0 : 198.18.2.101, 1 : 198.18.2.102 }:2048-2080;'
    ],
    [
      'ports in turn',
      { ports: 2, choice: 'round robin' as const },
      'addr . port to numgen inc mod 2 map { 0 : 198.18.2.101 . 2048, 1 : 198.18.2.101 . 2049 };'
    ],
    ['IPv6', { ipv6: true }, 'snat ip6 to [2001:2:0:2::65]:2048-2080;']
  ])('are translated with %s', (_, options, rule) => {
    expect(rulesOf(options)).toContain(rule)
  })

  it('with ports in turn are forgotten a second after they close', () => {
    const { nat } = behindNat({ ipv6: false, clients: 1, ports: 2, choice: 'round robin' }).namespaces
    expect(nat?.sysctls).toEqual({
      'net.ipv4.ip_forward': 1,
      'net.netfilter.nf_conntrack_tcp_timeout_time_wait': 1
    })
  })
})

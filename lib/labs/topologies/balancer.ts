/** A balancer that remembers connections, between a NAT and its servers. */
import type { Network } from '../sandbox/lab_network.js'
import type { Topology } from '../sandbox/topology.js'
import { type BehindNatOptions, behindNat } from './behind_nat.js'
import { address, onLink, serverAddress } from './lab_addresses.js'
import { forwarding } from './pair_and_path.js'

/** How long the balancer remembers a 5-tuple: IPVS's default for TCP in FIN_WAIT, which the incident's balancer used. */
const rememberedSeconds = 120

/** Subnet of `server1`. */
const firstSubnet = 20

/** Port of the service. */
export const servicePort = 443

interface BalancedOptions extends BehindNatOptions {
  /** Servers behind the balancer: `server1`, ... */
  readonly servers: number
  /** How many of these, from the first on, get new connections. */
  readonly known: number
}

/** `client1`, ... behind `nat`, then `balancer`, then `server1`, ... */
export function balanced({ servers, known, ...nat }: BalancedOptions): Topology {
  const { ipv6 } = nat
  const { namespaces, links } = behindNat(nat)
  const { server, ...others } = namespaces
  const indices = Array.from({ length: servers }, (_, index) => index)
  return {
    namespaces: {
      ...others,
      balancer: { ...server, sysctls: forwarding(ipv6), rules: balancing({ ipv6, servers, known }) },
      ...Object.fromEntries(
        indices.map((index) => [serverName(index), { gateway: address(firstSubnet + index, 1, ipv6) }])
      )
    },
    links: [
      ...links.map(([a, b]) => [a, b.namespace === 'server' ? { ...b, namespace: 'balancer' } : b] as const),
      ...indices.map(
        (index) =>
          [
            {
              namespace: 'balancer',
              device: serverName(index),
              addresses: [onLink(firstSubnet + index, 1, ipv6)]
            },
            {
              namespace: serverName(index),
              device: 'cable',
              addresses: [onLink(firstSubnet + index, 2, ipv6)]
            }
          ] as const
      )
    ]
  }
}

/** Short name of a server. */
export function serverName(index: number): string {
  return `server${index + 1}`
}

/** Address of a server on its own link. */
export function backEnd(index: number, ipv6: boolean): string {
  return address(firstSubnet + index, 2, ipv6)
}

/** Rules that spread new 5-tuples over the first `known` servers. */
export function choiceOf(known: number): string {
  const choice = Array.from({ length: known }, (_, index) => `${index} : goto ${serverName(index)}`)
  return `
flush chain inet lab choose
add rule inet lab choose counter name entries numgen inc mod ${known} vmap { ${choice.join(', ')} }`
}

/** Entries that the balancer has made, and SYNs that it has sent to each server. */
export interface Balance {
  readonly entries: number
  readonly syns: readonly number[]
}

export function readBalance(network: Network, servers: number): Balance {
  const { nftables } = JSON.parse(network.run('balancer', ['nft', '-j', 'list', 'counters'])) as {
    nftables: { counter?: { name: string; packets: number } }[]
  }
  const packets = (name: string) =>
    nftables.find(({ counter }) => counter?.name === name)?.counter?.packets ?? 0
  return {
    entries: packets('entries'),
    syns: Array.from({ length: servers }, (_, index) => packets(serverName(index)))
  }
}

/**
 * IPVS as nft rules: a remembered 5-tuple goes to the server it had, and only a 5-tuple that is not remembered makes an
 * entry. (Linux's own connection tracking would make a new entry for a SYN on a closed connection.)
 */
function balancing({ ipv6, servers, known }: Pick<BalancedOptions, 'ipv6' | 'servers' | 'known'>): string {
  const ip = ipv6 ? 'ip6' : 'ip'
  const indices = Array.from({ length: servers }, (_, index) => index)
  const service = `${ip} daddr ${serverAddress(ipv6)} tcp dport ${servicePort}`
  return `
table inet lab {
  counter entries { }
  ${indices.map((index) => `counter ${serverName(index)} { }`).join('\n  ')}
  ${indices.map((index) => remember(index, ipv6)).join('\n  ')}
  chain choose { }
  chain arriving {
    type nat hook prerouting priority dstnat;
    ${indices.map((index) => `${service} ${ip} saddr . tcp sport @of_${serverName(index)} goto to_${serverName(index)}`).join('\n    ')}
    ${service} goto choose
  }
  chain leaving {
    type filter hook postrouting priority filter;
    ${indices.map((index) => `tcp flags & (syn | ack) == syn ${ip} daddr ${backEnd(index, ipv6)} counter name ${serverName(index)}`).join('\n    ')}
  }
}${choiceOf(known)}`
}

/** The set of a server's 5-tuples, and the chains that fill it and lead to the server. */
function remember(index: number, ipv6: boolean): string {
  const ip = ipv6 ? 'ip6' : 'ip'
  const server = serverName(index)
  return `set of_${server} {
    type ${ipv6 ? 'ipv6_addr' : 'ipv4_addr'} . inet_service
    size 65536
    flags dynamic, timeout
    timeout ${rememberedSeconds}s
  }
  chain to_${server} {
    dnat ${ip} to ${backEnd(index, ipv6)}
  }
  chain ${server} {
    update @of_${server} { ${ip} saddr . tcp sport }
    goto to_${server}
  }`
}

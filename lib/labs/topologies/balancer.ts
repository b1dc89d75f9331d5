/** A balancer that remembers connections, between a NAT and its servers. Pure, but for reading its counters. */

import type { Scene } from '../stage/stage.js'
import type { Topology } from '../stage/topology.js'
import { behindNat, type NatOptions } from './nat.js'
import { address, forwarding, onLink, serverAddress } from './networks.js'

/** How long the balancer remembers a 5-tuple: IPVS's default for TCP in FIN_WAIT, as the incident's had. */
const rememberedSeconds = 120

/** Subnet of `server1`. */
const firstSubnet = 20

/** Port of the service. */
export const servicePort = 443

export interface BalancedOptions extends NatOptions {
  /** Servers behind the balancer: `server1`, ... */
  readonly servers: number
  /** How many of these, from the first, it knows. */
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
        indices.map((index) => [serverRole(index), { gateway: address(firstSubnet + index, 1, ipv6) }])
      )
    },
    links: [
      ...links.map(([a, b]) => [a, b.namespace === 'server' ? { ...b, namespace: 'balancer' } : b] as const),
      ...indices.map(
        (index) =>
          [
            {
              namespace: 'balancer',
              device: serverRole(index),
              addresses: [onLink(firstSubnet + index, 1, ipv6)]
            },
            {
              namespace: serverRole(index),
              device: 'cable',
              addresses: [onLink(firstSubnet + index, 2, ipv6)]
            }
          ] as const
      )
    ]
  }
}

export function serverRole(index: number): string {
  return `server${index + 1}`
}

/** Address of a server on its own link. */
export function backEnd(index: number, ipv6: boolean): string {
  return address(firstSubnet + index, 2, ipv6)
}

/** Spreads new 5-tuples over the first `known` servers from now on. */
export function knowing(known: number): string {
  const choice = Array.from({ length: known }, (_, index) => `${index} : goto ${serverRole(index)}`)
  return `
flush chain inet lab choose
add rule inet lab choose counter name entries numgen inc mod ${known} vmap { ${choice.join(', ')} }`
}

/** Entries the balancer has made, and SYNs it has handed to each server. */
export interface Balance {
  readonly entries: number
  readonly syns: readonly number[]
}

export function readBalance(scene: Scene, servers: number): Balance {
  const { nftables } = JSON.parse(scene.run('balancer', ['nft', '-j', 'list', 'counters'])) as {
    nftables: { counter?: { name: string; packets: number } }[]
  }
  const packets = (name: string) =>
    nftables.find(({ counter }) => counter?.name === name)?.counter?.packets ?? 0
  return {
    entries: packets('entries'),
    syns: Array.from({ length: servers }, (_, index) => packets(serverRole(index)))
  }
}

/**
 * IPVS in the language of nft: a 5-tuple goes where it went before as long as it is remembered, and only one that is
 * not makes an entry. (Linux's own connection tracking would make a new entry for a SYN on a closed connection.)
 */
function balancing({ ipv6, servers, known }: Pick<BalancedOptions, 'ipv6' | 'servers' | 'known'>): string {
  const ip = ipv6 ? 'ip6' : 'ip'
  const indices = Array.from({ length: servers }, (_, index) => index)
  const service = `${ip} daddr ${serverAddress(ipv6)} tcp dport ${servicePort}`
  return `
table inet lab {
  counter entries { }
  ${indices.map((index) => `counter ${serverRole(index)} { }`).join('\n  ')}
  ${indices.map((index) => remember(index, ipv6)).join('\n  ')}
  chain choose { }
  chain arriving {
    type nat hook prerouting priority dstnat;
    ${indices.map((index) => `${service} ${ip} saddr . tcp sport @of_${serverRole(index)} goto to_${serverRole(index)}`).join('\n    ')}
    ${service} goto choose
  }
  chain leaving {
    type filter hook postrouting priority filter;
    ${indices.map((index) => `tcp flags & (syn | ack) == syn ${ip} daddr ${backEnd(index, ipv6)} counter name ${serverRole(index)}`).join('\n    ')}
  }
}${knowing(known)}`
}

/** The 5-tuples of a server, and the ways to it. */
function remember(index: number, ipv6: boolean): string {
  const ip = ipv6 ? 'ip6' : 'ip'
  const server = serverRole(index)
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

/** Client hosts that reach a server through a NAT with few ports. Pure. */

import type { Namespace, Topology } from '../sandbox/topology.js'
import { address, onLink } from './lab_addresses.js'
import { forwarding } from './pair_and_path.js'

export interface BehindNatOptions {
  readonly ipv6: boolean
  /** Client hosts: `client1`, `client2`, ... */
  readonly clients: number
  /** Ports the NAT hands out, from {@link firstNatPort} on. */
  readonly ports: number
  /** Addresses the NAT translates to. Default 1. */
  readonly addresses?: number
  /**
   * Which address and port a connection gets. `linux`, the default: the kernel chooses one address for each client host
   * and any port; when all ports are taken, one whose connection is still in the table. `addresses`: the addresses in
   * turn, any port. `round robin`: addresses and ports in turn, and free again once closed, like the incident's NAT.
   */
  readonly choice?: 'linux' | 'addresses' | 'round robin'
  /** A random port. Otherwise Linux keeps the client's own port where it can, and re-uses some ports early. */
  readonly random?: boolean
  /** Further rules of the NAT. */
  readonly rules?: string
  readonly client?: Namespace
  readonly server?: Namespace
}

/** First port of the incident's NAT. */
const firstNatPort = 2048

/** Subnet of the first client; each further client has the next one. */
const clientSubnet = 10

/** Subnet of the server and of the NAT's addresses. */
const serverSubnet = 2

/** Short names of the client hosts. */
export function clientNames(clients: number): string[] {
  return Array.from({ length: clients }, (_, index) => `client${index + 1}`)
}

/** `client1`, `client2`, ... reach `server` through `nat`. */
export function behindNat({ ipv6, clients, client = {}, server = {}, ...nat }: BehindNatOptions): Topology {
  const names = clientNames(clients)
  const addresses = Array.from({ length: nat.addresses ?? 1 }, (_, index) =>
    onLink(serverSubnet, firstOutside + index, ipv6)
  )
  return {
    namespaces: {
      nat: { sysctls: { ...forwarding(ipv6), ...shortMemory(nat) }, rules: translation({ ipv6, ...nat }) },
      server: { gateway: address(serverSubnet, 1, ipv6), ...server },
      ...Object.fromEntries(
        names.map((name, index) => [name, { gateway: address(clientSubnet + index, 1, ipv6), ...client }])
      )
    },
    links: [
      [
        { namespace: 'nat', device: 'east', addresses: [onLink(serverSubnet, 1, ipv6), ...addresses] },
        { namespace: 'server', device: 'cable', addresses: [onLink(serverSubnet, 2, ipv6)] }
      ],
      ...names.map(
        (name, index) =>
          [
            { namespace: 'nat', device: name, addresses: [onLink(clientSubnet + index, 1, ipv6)] },
            { namespace: name, device: 'cable', addresses: [onLink(clientSubnet + index, 2, ipv6)] }
          ] as const
      )
    ]
  }
}

type Translation = Pick<BehindNatOptions, 'ipv6' | 'ports' | 'addresses' | 'choice' | 'random' | 'rules'>

/** Host part of the NAT's first address. */
const firstOutside = 101

function shortMemory({ choice }: Pick<BehindNatOptions, 'choice'>): Record<string, number> {
  return choice === 'round robin' ? { 'net.netfilter.nf_conntrack_tcp_timeout_time_wait': 1 } : {}
}

/** Removes the timestamp option from forwarded SYNs, so that PAWS has nothing to compare. */
export const withoutTimestamps = `
table inet c1m {
  chain onward {
    type filter hook forward priority mangle;
    tcp flags & (syn | ack) == syn reset tcp option timestamp
  }
}`

/** Drops forwarded resets, as some firewalls do. */
export const withoutResets = `
table inet firewall {
  chain onward {
    type filter hook forward priority filter;
    tcp flags & rst == rst drop
  }
}`

function translation({
  ipv6,
  ports,
  addresses = 1,
  choice = 'linux',
  random = false,
  rules = ''
}: Translation): string {
  const all = Array.from({ length: addresses }, (_, index) =>
    address(serverSubnet, firstOutside + index, ipv6)
  )
  const range = `${firstNatPort}-${firstNatPort + ports - 1}`
  const snat = `oifname "east" meta l4proto tcp snat ${ipv6 ? 'ip6' : 'ip'}`
  const bracket = (text = '') => (ipv6 ? `[${text}]` : text)
  const rule = {
    linux: () => `to ${[...new Set([all[0], all.at(-1)])].map(bracket).join('-')}:${range}`,
    addresses: () => `to ${inTurn(all)}:${range}`,
    'round robin': () => `addr . port to ${inTurn(tuples(all, ports))}`
  }[choice]()
  return `
table inet lab {
  chain translation {
    type nat hook postrouting priority srcnat;
    ${snat} ${rule}${random ? ' fully-random' : ''};
  }
}${rules}`
}

/** All ports of each address. */
function tuples(addresses: readonly string[], ports: number): string[] {
  return addresses.flatMap((one) =>
    Array.from({ length: ports }, (_, index) => `${one} . ${firstNatPort + index}`)
  )
}

/** An nft expression that gives the next of these values each time. */
function inTurn(values: readonly string[]): string {
  return `numgen inc mod ${values.length} map { ${values.map((value, index) => `${index} : ${value}`).join(', ')} }`
}

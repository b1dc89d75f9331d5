/** Client hosts behind a NAT of one address and few ports. Pure. */

import type { Namespace, Topology } from '../stage/topology.js'
import { address, forwarding, onLink } from './networks.js'

export interface NatOptions {
  readonly ipv6: boolean
  /** Client hosts: `client1`, `client2`, ... */
  readonly clients: number
  /** Ports the NAT hands out, from {@link firstNatPort} on. */
  readonly ports: number
  /** Addresses the NAT translates to. Default 1. */
  readonly addresses?: number
  /**
   * Which of them a connection gets. By default Linux decides: one address for each client host, and any port, one that
   * is used before the table has forgotten it rather than none. `addresses`: in turn, and any port. `round robin`:
   * addresses and ports in turn, forgotten as soon as they are closed, as the incident's NAT did.
   */
  readonly choice?: 'linux' | 'addresses' | 'round robin'
  /** Any port at random: else Linux keeps the client's own where it can, and what is next to many used ones is re-used early. */
  readonly random?: boolean
  /** Further rules of the NAT. */
  readonly rules?: string
  readonly client?: Namespace
  readonly server?: Namespace
}

/** The incident's NAT began here. */
export const firstNatPort = 2048

/** Subnet of the first client; the server's is the one of {@link serverSubnet}. */
const clientSubnet = 10
const serverSubnet = 2

/** Roles of the client hosts. */
export function clientRoles(clients: number): string[] {
  return Array.from({ length: clients }, (_, index) => `client${index + 1}`)
}

/** `client1`, `client2`, ... reach `server` through `nat`. */
export function behindNat({ ipv6, clients, client = {}, server = {}, ...nat }: NatOptions): Topology {
  const roles = clientRoles(clients)
  const addresses = Array.from({ length: nat.addresses ?? 1 }, (_, index) =>
    onLink(serverSubnet, firstOutside + index, ipv6)
  )
  return {
    namespaces: {
      nat: { sysctls: { ...forwarding(ipv6), ...forgetting(nat) }, rules: translation({ ipv6, ...nat }) },
      server: { gateway: address(serverSubnet, 1, ipv6), ...server },
      ...Object.fromEntries(
        roles.map((role, index) => [role, { gateway: address(clientSubnet + index, 1, ipv6), ...client }])
      )
    },
    links: [
      [
        { namespace: 'nat', device: 'east', addresses: [onLink(serverSubnet, 1, ipv6), ...addresses] },
        { namespace: 'server', device: 'cable', addresses: [onLink(serverSubnet, 2, ipv6)] }
      ],
      ...roles.map(
        (role, index) =>
          [
            { namespace: 'nat', device: role, addresses: [onLink(clientSubnet + index, 1, ipv6)] },
            { namespace: role, device: 'cable', addresses: [onLink(clientSubnet + index, 2, ipv6)] }
          ] as const
      )
    ]
  }
}

type Translation = Pick<NatOptions, 'ipv6' | 'ports' | 'addresses' | 'choice' | 'random' | 'rules'>

/** The NAT's first address outside. */
const firstOutside = 101

function forgetting({ choice }: Pick<NatOptions, 'choice'>): Record<string, number> {
  return choice === 'round robin' ? { 'net.netfilter.nf_conntrack_tcp_timeout_time_wait': 1 } : {}
}

/** Takes timestamps out of SYNs that are handed on, so that there is nothing to compare. */
export const withoutTimestamps = `
table inet c1m {
  chain onward {
    type filter hook forward priority mangle;
    tcp flags & (syn | ack) == syn reset tcp option timestamp
  }
}`

/** Drops resets that are handed on, as some firewalls do. */
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

/** Port by port of each address. */
function tuples(addresses: readonly string[], ports: number): string[] {
  return addresses.flatMap((one) =>
    Array.from({ length: ports }, (_, index) => `${one} . ${firstNatPort + index}`)
  )
}

/** An expression of nft that gives the next one each time. */
function inTurn(values: readonly string[]): string {
  return `numgen inc mod ${values.length} map { ${values.map((value, index) => `${index} : ${value}`).join(', ')} }`
}

/** The topologies of most labs: a client and a server on one cable, or with a router in between. Pure. */
import type { Namespace, Topology } from '../sandbox/topology.js'
import { address, onLink } from './lab_addresses.js'

interface PairOptions {
  readonly ipv6: boolean
  readonly client?: Namespace
  readonly server?: Namespace
}

/** `client` and `server` on one cable. */
export function pair({ ipv6, client = {}, server = {} }: PairOptions): Topology {
  return {
    namespaces: { client, server },
    links: [
      [
        { namespace: 'client', device: 'cable', addresses: [onLink(2, 1, ipv6)] },
        { namespace: 'server', device: 'cable', addresses: [onLink(2, 2, ipv6)] }
      ]
    ]
  }
}

/** `client`, `router` and `server` in a row. */
export function path({
  ipv6,
  client = {},
  server = {},
  router = {}
}: PairOptions & { router?: Namespace }): Topology {
  return {
    namespaces: {
      client: { gateway: address(1, 1, ipv6), ...client },
      router: { ...router, sysctls: { ...forwarding(ipv6), ...router.sysctls } },
      server: { gateway: address(2, 1, ipv6), ...server }
    },
    links: [
      [
        { namespace: 'router', device: 'west', addresses: [onLink(1, 1, ipv6)] },
        { namespace: 'client', device: 'cable', addresses: [onLink(1, 2, ipv6)] }
      ],
      [
        { namespace: 'router', device: 'east', addresses: [onLink(2, 1, ipv6)] },
        { namespace: 'server', device: 'cable', addresses: [onLink(2, 2, ipv6)] }
      ]
    ]
  }
}

/** Sysctls with which a namespace forwards packets. */
export function forwarding(ipv6: boolean): Record<string, number> {
  return ipv6 ? { 'net.ipv6.conf.all.forwarding': 1 } : { 'net.ipv4.ip_forward': 1 }
}

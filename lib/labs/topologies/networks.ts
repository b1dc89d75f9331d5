/** The networks most labs take place in. Pure. */
import { formatEndpoint } from '../../net/address.js'
import type { Namespace, Topology } from '../stage/topology.js'

/**
 * Host `host` of subnet `subnet`: 198.18.SUBNET.HOST or 2001:2:0:SUBNET::HOST, both set aside for benchmarks (RFC 2544,
 * RFC 5180), so that no address of a lab is anybody's.
 */
export function address(subnet: number, host: number, ipv6: boolean): string {
  return ipv6 ? `2001:2:0:${subnet.toString(16)}::${host.toString(16)}` : `198.18.${subnet}.${host}`
}

/** The same with the length of its subnet, as an interface has it. */
export function onLink(subnet: number, host: number, ipv6: boolean): string {
  return `${address(subnet, host, ipv6)}/${ipv6 ? 64 : 24}`
}

/** `address:port`, or `address:first-last` for more than one port from `first` on. */
export function target(host: string, first: number, ports = 1): string {
  return formatEndpoint(host, ports === 1 ? `${first}` : `${first}-${first + ports - 1}`)
}

/** Address of the server in {@link pair} and {@link path}. */
export function serverAddress(ipv6: boolean): string {
  return address(2, 2, ipv6)
}

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

/** Makes a namespace hand packets on. */
export function forwarding(ipv6: boolean): Record<string, number> {
  return ipv6 ? { 'net.ipv6.conf.all.forwarding': 1 } : { 'net.ipv4.ip_forward': 1 }
}

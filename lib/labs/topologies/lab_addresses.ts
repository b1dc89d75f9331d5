/** Addresses of a lab's hosts. Pure. */
import { formatEndpoint } from '../../net/address.js'

/**
 * Host `host` of subnet `subnet`: 198.18.SUBNET.HOST or 2001:2:0:SUBNET::HOST. Both networks are reserved for benchmarks
 * (RFC 2544, RFC 5180), so a lab uses nobody's address.
 */
export function address(subnet: number, host: number, ipv6: boolean): string {
  return ipv6 ? `2001:2:0:${subnet.toString(16)}::${host.toString(16)}` : `198.18.${subnet}.${host}`
}

/** The same with the prefix length of its subnet, as an interface has it. */
export function onLink(subnet: number, host: number, ipv6: boolean): string {
  return `${address(subnet, host, ipv6)}/${ipv6 ? 64 : 24}`
}

/** Address of the server wherever a topology has one server. */
export function serverAddress(ipv6: boolean): string {
  return address(2, 2, ipv6)
}

/** `address:port`, or `address:first-last` when there are several ports. */
export function target(host: string, first: number, ports = 1): string {
  return formatEndpoint(host, ports === 1 ? `${first}` : `${first}-${first + ports - 1}`)
}

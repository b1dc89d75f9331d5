/** How many listening sockets a run against itself opens. */

/**
 * Chains of the kernel's bind hash (`tcp_init` in net/ipv4/tcp.c makes 65,536, fewer where memory is short). bind(2) walks
 * two of them (`inet_csk_get_port` in net/ipv4/inet_connection_sock.c: that of the address and that of any address), so it
 * slows down once there are more local (address, port) pairs. A pair that dials several destinations counts once.
 */
const bindHashChains = 65_536

/** More gain nothing: bind(2) also looks at each connection of the same pair (docs/benchmarks.md has the variants). */
const mostPerLane = 4

/** Listening sockets of each lane, 1 to 4, for so many connections over all lanes. */
export function ownListenersPerLane(connections: number): number {
  return Math.min(mostPerLane, Math.ceil(connections / bindHashChains))
}

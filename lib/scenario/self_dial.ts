/**
 * A self-dial: a dial without target. The run listens on loopback itself, so both ends of each connection are in this
 * process.
 */

/** Ends of each connection, and so descriptors, in this process. */
export function endsInProcess({ selfDial }: { selfDial: boolean }): 1 | 2 {
  return selfDial ? 2 : 1
}

/**
 * Chains of the kernel's bind hash (`tcp_init` in net/ipv4/tcp.c makes 65,536, fewer where memory is short). bind(2) walks
 * two of them (`inet_csk_get_port` in net/ipv4/inet_connection_sock.c: that of the address and that of any address), so it
 * slows down once there are more local (address, port) pairs. A pair that dials several destinations counts once.
 */
const bindHashChains = 65_536

/** More do not help: bind(2) also looks at each connection of the same pair (docs/benchmarks.md has the variants). */
const mostPerWorker = 4

/** Listening sockets of each worker, 1 to 4, for so many connections over all workers. */
export function ownListenersPerWorker(connections: number): number {
  return Math.min(mostPerWorker, Math.ceil(connections / bindHashChains))
}

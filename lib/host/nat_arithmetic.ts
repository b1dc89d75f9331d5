/**
 * Computes how many short connections per second fit behind a NAT. Source address, destination address and destination
 * port are fixed; only the NAT's source port varies, and each 5-tuple stays occupied for a while after its connection.
 */

/** The parts in which connections can differ on the far side of the NAT. */
export interface NatTuples {
  /** Number of source ports of the NAT. */
  ports: number
  /** Addresses the NAT translates to, if it spreads connections over them. Default 1. */
  sourceAddresses?: number
  /** Destinations (address and port). Default 1. */
  destinations?: number
}

/** How long a 5-tuple stays occupied after its connection has ended, in seconds. */
export const tupleLifetimeSeconds = {
  /** TIME_WAIT of Linux: TCP_TIMEWAIT_LEN in include/net/tcp.h, a constant; `tcp_fin_timeout` does not change it. */
  timeWait: 60,
  /** The same, measured on Red Hat's 3.10.0-1127. */
  timeWaitRedHat3: 60.5,
  /** The same, measured on kernels whose TIME_WAIT timer was a wheel of coarse slots. */
  timeWaitOldWheel: 112.5,
  /** Entry of an IPVS (LVS) director, and of Linux conntrack (`nf_conntrack_tcp_timeout_time_wait`). */
  tracking: 120
} as const

/** Ports from `first` to `last`, both included: 2048 to 65535 are 63,488. (65535 - 2048 = 63,487 gives the same rates.) */
export function portCount(first: number, last: number): number {
  return last - first + 1
}

/** Number of distinct 5-tuples: every further source or destination address multiplies it. */
export function tupleCount({ ports, sourceAddresses = 1, destinations = 1 }: NatTuples): number {
  return ports * sourceAddresses * destinations
}

/**
 * Connections per second above which 5-tuples are reused while they are still occupied. With ports 2048-65535 and one
 * address: 564/s at 112.5 s, 1,049/s at 60.5 s, 529/s at 120 s; three source addresses triple each.
 *
 * At this rate reuse is certain. A NAT that reuses an arbitrary entry instead of the oldest one meets occupied tuples
 * earlier: measured at 0.8 of the rate. Warn from the rate for {@link tupleLifetimeSeconds}.tracking on.
 */
export function reuseRatePerSecond(tuples: NatTuples, lifetimeSeconds: number): number {
  return tupleCount(tuples) / lifetimeSeconds
}

/** Source addresses needed to stay below reuse at `ratePerSecond`. */
export function sourceAddressesFor(
  ratePerSecond: number,
  tuples: NatTuples,
  lifetimeSeconds: number
): number {
  const perAddress = reuseRatePerSecond({ ...tuples, sourceAddresses: 1 }, lifetimeSeconds)
  return Math.ceil(ratePerSecond / perAddress)
}

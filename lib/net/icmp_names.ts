/** What ICMP errors mean, by version of IP, type and code: RFC 792, RFC 1812 (5.2.7.1), RFC 4443. */

const unreachable4: Record<number, string> = {
  0: 'network unreachable',
  1: 'host unreachable',
  2: 'protocol unreachable',
  3: 'port unreachable',
  5: 'source route failed',
  6: 'network unknown',
  7: 'host unknown',
  8: 'source host isolated',
  9: 'network administratively prohibited',
  10: 'host administratively prohibited',
  11: 'network unreachable for this type of service',
  12: 'host unreachable for this type of service',
  13: 'administratively prohibited',
  14: 'host precedence violation',
  15: 'precedence cutoff in effect'
}

const unreachable6: Record<number, string> = {
  0: 'no route',
  1: 'administratively prohibited',
  2: 'beyond the scope of the source address',
  3: 'address unreachable',
  4: 'port unreachable',
  5: 'source address failed a policy',
  6: 'route is a reject route'
}

/** The meaning of an ICMP error, or its numbers where it has no name. */
export function icmpMeaning(version: number, type: number, code: number): string {
  const [unreachable, names, exceeded] = version === 6 ? [1, unreachable6, 3] : [3, unreachable4, 11]
  if (type === unreachable && names[code] !== undefined) return names[code]
  if (type === exceeded && code === 0) return 'time to live exceeded, as in a routing loop'
  return `type ${type} code ${code}`
}

/**
 * Whether it says that nobody has the address on the last link. A host sends this to itself, when its neighbor does not
 * answer (ARP, neighbor discovery): ipv4_link_failure in net/ipv4/route.c, ip6_link_failure in net/ipv6/route.c.
 */
export function isHostUnreachable(version: number, type: number, code: number): boolean {
  return version === 6 ? type === 1 && code === 3 : type === 3 && code === 1
}

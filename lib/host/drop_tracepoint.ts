/** Parses the kernel's description of the tracepoint skb:kfree_skb from tracefs. */

/** Offsets of the fields in a sample, and the meaning of the reason numbers on this kernel. */
export interface DropTracepoint {
  id: number
  locationOffset: number
  /** null before Linux 5.17, where the kernel reports no reason. */
  reason: { offset: number; bytes: number } | null
  /** Offset of the protocol of the packet (ETH_P_*); null if there is none. */
  protocol: { offset: number; bytes: number } | null
  /** Names by number; the numbers differ between kernels. */
  reasons: ReadonlyMap<number, string>
}

/** Path below the mount point of tracefs. */
export const dropTracepointPath = 'events/skb/kfree_skb/format'

/** Parses the text of the format file; null if it is not as expected. */
export function parseDropTracepoint(format: string): DropTracepoint | null {
  const id = /^ID:\s*(\d+)$/m.exec(format)?.[1]
  const location = field(format, 'location')
  if (id === undefined || location === null) return null
  return {
    id: Number(id),
    locationOffset: location.offset,
    reason: field(format, 'reason'),
    protocol: field(format, 'protocol'),
    // { 2, "NOT_SPECIFIED" }, ...; the last one, MAX, is only a count.
    reasons: new Map(
      [...format.matchAll(/\{ (\d+), "(\w+)" \}/g)].map(([, number, name = '']) => [Number(number), name])
    )
  }
}

/** `field:void * location;	offset:16;	size:8;	signed:0;` */
function field(format: string, name: string): { offset: number; bytes: number } | null {
  const match = new RegExp(`^\\s*field:[^;]*\\b${name};\\s*offset:(\\d+);\\s*size:(\\d+);`, 'm').exec(format)
  return match && { offset: Number(match[1]), bytes: Number(match[2]) }
}

/**
 * Reasons that occur in normal operation: TIME_WAIT and multicast (NOT_SPECIFIED), queues emptied by a close, a FIN or RST
 * that has been processed. A busy host drops hundreds of thousands of such packets per second.
 */
export const ordinaryReasons = ['NOT_DROPPED_YET', 'CONSUMED', 'NOT_SPECIFIED', 'QUEUE_PURGE', 'TCP_FLAGS']

/** ETH_P_IP and ETH_P_IPV6. */
const ipProtocols = [0x0800, 0x86dd]

/** An event filter for the kernel: only IP packets dropped for a reason that is not ordinary. */
export function dropFilter({ reason, protocol, reasons }: DropTracepoint): string {
  const ignored = reason ? ignoredReasons(reasons).map((number) => `reason != ${number}`) : []
  const ip = protocol ? [`(${ipProtocols.map((number) => `protocol == ${number}`).join(' || ')})`] : []
  return [...ip, ...ignored].join(' && ')
}

/** The numbers of {@link ordinaryReasons} on this kernel. */
export function ignoredReasons(reasons: ReadonlyMap<number, string>): number[] {
  return [...reasons].flatMap(([number, name]) => (ordinaryReasons.includes(name) ? [number] : []))
}

/** The tracepoint skb:kfree_skb, as the kernel describes it in tracefs. */

/** Where a sample has what is counted, and what the numbers of reasons mean on this kernel. */
export interface DropTracepoint {
  id: number
  locationOffset: number
  /** null before Linux 5.17, where the kernel gives no reason. */
  reason: { offset: number; bytes: number } | null
  /** Offset of the protocol of the packet (ETH_P_*); null when there is none. */
  protocol: { offset: number; bytes: number } | null
  /** Names by number; they differ from kernel to kernel. */
  reasons: ReadonlyMap<number, string>
}

/** Path below a mount of tracefs. */
export const dropTracepointPath = 'events/skb/kfree_skb/format'

/** Reads the text of the format file; null when it is not what it should be. */
export function parseDropTracepoint(format: string): DropTracepoint | null {
  const id = /^ID:\s*(\d+)$/m.exec(format)?.[1]
  const location = field(format, 'location')
  if (id === undefined || location === null) return null
  return {
    id: Number(id),
    locationOffset: location.offset,
    reason: field(format, 'reason'),
    protocol: field(format, 'protocol'),
    // { 2, "NOT_SPECIFIED" }, ...; the last one, MAX, is a count.
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
 * Reasons that belong to normal work: TIME_WAIT and multicast (NOT_SPECIFIED), queues emptied by a close, a FIN or RST
 * that has been dealt with. A busy host makes hundreds of thousands of them a second.
 */
export const ordinaryReasons = ['NOT_DROPPED_YET', 'CONSUMED', 'NOT_SPECIFIED', 'QUEUE_PURGE', 'TCP_FLAGS']

/** ETH_P_IP and ETH_P_IPV6. */
const ipProtocols = [0x0800, 0x86dd]

/** What the kernel is to keep: IP packets dropped for a reason worth telling. In the language of event filters. */
export function dropFilter({ reason, protocol, reasons }: DropTracepoint): string {
  const ignored = reason ? ignoredReasons(reasons).map((number) => `reason != ${number}`) : []
  const ip = protocol ? [`(${ipProtocols.map((number) => `protocol == ${number}`).join(' || ')})`] : []
  return [...ip, ...ignored].join(' && ')
}

/** The numbers of {@link ordinaryReasons} here. */
export function ignoredReasons(reasons: ReadonlyMap<number, string>): number[] {
  return [...reasons].flatMap(([number, name]) => (ordinaryReasons.includes(name) ? [number] : []))
}

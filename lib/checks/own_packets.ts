/** Packets that this host lost itself, as the counters of its IP layer tell: figures of this network namespace. */
import type { CounterName } from '../host/counter_names.js'
import { counterValue } from '../host/counters.js'
import { familyOf } from '../net/address.js'
import type { ExplainContext } from './context.js'
import { inRamp, moved } from './evidence.js'

/**
 * Packets that IP was given to send and did not: a rule in the hooks output or postrouting dropped them. Between
 * OutRequests and OutTransmits the kernel does little else: __ip_local_out and ip_output in net/ipv4/ip_output.c. Those
 * that connection tracking dropped there have counters of their own. OutTransmits has forwarded packets as well.
 * @returns null before Linux 6.7, which does not count them (b4a11b2033b7)
 */
export function notSent(context: ExplainContext): number | null {
  const { given, sent } = outgoing(context)
  return sent === null ? null : Math.max(0, given - sent)
}

/**
 * Whether twice as many packets were given to IP as it sent. IPsec looks like that, too: it gives each packet to IP once
 * more when it is encrypted (xfrm_output_resume in net/xfrm/xfrm_output.c).
 */
export function mayBeIpsec(context: ExplainContext): boolean {
  const { given, sent } = outgoing(context)
  return sent !== null && sent > 0 && Math.abs(given - 2 * sent) <= sent / 5
}

function outgoing(context: ExplainContext): { given: number; sent: number | null } {
  const { v4, v6 } = familiesOf(context)
  const given: readonly CounterName[] = [
    ...(v4 ? (['Ip.OutRequests', 'Ip.ForwDatagrams'] as const) : []),
    ...(v6 ? (['Ip6.OutRequests', 'Ip6.OutForwDatagrams'] as const) : [])
  ]
  const sent: readonly CounterName[] = [
    ...(v4 ? (['Ip.OutTransmits'] as const) : []),
    ...(v6 ? (['Ip6.OutTransmits'] as const) : [])
  ]
  const isKnown = sent.every((name) => counterValue(context.counters, name) !== null)
  return { given: sum(context, given), sent: isKnown ? sum(context, sent) : null }
}

/** The families of IP that the run used. */
export function familiesOf({ scenario }: ExplainContext): { v4: boolean; v6: boolean } {
  const targets = scenario?.targets ?? []
  const v6 = targets.some(({ address }) => familyOf(address) === 6)
  return { v4: targets.length === 0 || targets.some(({ address }) => familyOf(address) === 4), v6 }
}

/**
 * First SYNs of the run that no device can have sent, because all of them sent fewer packets than that: whatever drops
 * them sits above the driver. Other packets only make the number smaller.
 * @returns null where packets stay on this host, or what devices sent is unknown
 */
export function notOnTheWire(context: ExplainContext): number | null {
  const { run, counters, ramp, peerIsHere } = context
  if (run === null || peerIsHere || !Object.keys(counters).some((name) => devicePackets.test(name)))
    return null
  const sent = Object.entries(ramp)
    .filter(([name]) => devicePackets.test(name))
    .reduce((total, [, { delta }]) => total + delta, 0)
  const { atOnce } = context.rejections ?? { atOnce: 0 }
  return Math.max(0, run.connections.attempted - atOnce - sent)
}

const devicePackets = /^Device\..+\.TxPackets$/

/**
 * Packets that came in for this host and reached no protocol, less those whose fate has a counter of its own: a rule in
 * the hooks prerouting or input dropped them (ip_rcv and ip_local_deliver in net/ipv4/ip_input.c). Broadcasts and
 * multicasts are left out, because those nobody has joined end there in silence.
 */
export function notDelivered(context: ExplainContext): number {
  const { v4, v6 } = familiesOf(context)
  const of4 = v4 ? sum(context, ['Ip.InReceives']) - sum(context, fates4) : 0
  const of6 = v6 ? sum(context, ['Ip6.InReceives']) - sum(context, fates6) : 0
  return Math.max(0, of4) + Math.max(0, of6)
}

const fates4: readonly CounterName[] = [
  'Ip.InDelivers',
  'Ip.ForwDatagrams',
  'Ip.InHdrErrors',
  'Ip.InAddrErrors',
  'Ip.InUnknownProtos',
  'Ip.ReasmReqds',
  'IpExt.InNoRoutes',
  'IpExt.InMcastPkts',
  'IpExt.InBcastPkts',
  'TcpExt.IPReversePathFilter'
]

const fates6: readonly CounterName[] = [
  'Ip6.InDelivers',
  'Ip6.OutForwDatagrams',
  'Ip6.InHdrErrors',
  'Ip6.InAddrErrors',
  'Ip6.InUnknownProtos',
  'Ip6.InTooBigErrors',
  'Ip6.InNoRoutes',
  'Ip6.InTruncatedPkts',
  'Ip6.InMcastPkts',
  'Ip6.ReasmReqds'
]

function sum(context: ExplainContext, names: readonly CounterName[]): number {
  const ramp = inRamp(context)
  return names.reduce((total, name) => total + moved(ramp, name), 0)
}

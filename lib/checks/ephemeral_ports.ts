/** Beside a server: its own connections, to a backend say, hold every ephemeral port towards one destination. */
import { isLoopback } from '../net/address.js'
import type { PortUse } from '../observe/port_use.js'
import { everyPort } from '../scenario/source_ports.js'
import type { ExplainContext, Verdict } from './context.js'
import { fact, figure } from './evidence.js'
import { advice, type Remedy, sysctl } from './remedy.js'

/**
 * connect(2) of a socket without a port then fails with EADDRNOTAVAIL, which no counter of the kernel tells. A program
 * that has ports outside of `ip_local_port_range` as well chooses them itself and is not concerned.
 */
export function ephemeralSpace(context: ExplainContext): Verdict | null {
  const full = (context.fullPorts ?? []).filter(
    (use) => use.outside < use.available * otherShare && held(use, context) >= use.available * fullShare
  )
  const [first, ...others] = full
  if (context.run !== null || !first) return null
  const more = others.length === 0 ? '' : `, and to ${figure(others.length)} more destinations`
  return {
    severity: 'warning',
    side: 'server',
    title: `connections from ${first.source} to ${first.destination} hold ${figure(held(first, context))} of ${figure(first.available)} ephemeral ports${more}: a program that lets the kernel choose gets EADDRNOTAVAIL`,
    evidence: [
      ...full
        .slice(0, mostNamed)
        .flatMap((use) => fact(`ports ${use.source} > ${use.destination}`, held(use, context))),
      ...fact(
        'of them in TIME_WAIT',
        first.timeWaits === 0 || held(first, context) === first.others ? null : first.timeWaits
      ),
      ...fact('net.ipv4.ip_local_port_range', context.facts.after.ports.localRange?.join(' ') ?? null)
    ],
    remedy: remedy(context),
    events: 0
  }
}

const fullShare = 0.99
const otherShare = 0.01
const mostNamed = 4

/** Ports that cannot be had: with timestamps a TIME_WAIT gives way after a second where tcp_tw_reuse lets it. */
function held(use: PortUse, { facts }: ExplainContext): number {
  const { twReuse, timestamps } = facts.after.tcp
  const local = isLoopback(use.source)
  const reused = timestamps !== 0 && (twReuse === 1 || (twReuse === 2 && local))
  return use.others + (reused ? 0 : use.timeWaits)
}

function remedy({ facts }: ExplainContext): Remedy[] {
  const [least, most] = everyPort
  const range = facts.after.ports.localRange
  const isWidest = range !== null && range[0] <= least && range[1] === most
  return [
    ...(isWidest ? [] : [sysctl('net.ipv4.ip_local_port_range', everyPort.join(' '))]),
    advice('or more addresses to connect from or to, or connections that are kept and used again')
  ]
}

/** What TcpExt.ListenDrops counts, less what other counters tell of it. */
import type { Severity } from '../result/finding.js'
import type { ExplainContext } from './context.js'
import { moved } from './evidence.js'
import { isCriticalShare, lossSeverity } from './symptoms.js'

/** SYNs that listeners of this namespace dropped, but not for a full accept queue or SYN queue: those are counted. */
export interface OtherListenDrops {
  /** No route leads back to their sources: counted as OutNoRoutes as well. */
  unrouted: number
  /** No counter tells. */
  rest: number
}

/**
 * tcp_conn_request in net/ipv4/tcp_input.c counts ListenDrops for every reason. For IPv6 only a route that is missing
 * counts as OutNoRoutes; one that is `unreachable`, `blackhole` or `prohibit` does not, and leaves a rest.
 */
export function otherListenDrops(context: ExplainContext): OtherListenDrops {
  const counted = moved(context, 'TcpExt.ListenOverflows') + moved(context, 'TcpExt.TCPReqQFullDrop')
  const others = Math.max(0, moved(context, 'TcpExt.ListenDrops') - counted)
  const unrouted = Math.min(others, moved(context, 'Ip.OutNoRoutes') + moved(context, 'Ip6.OutNoRoutes'))
  return { unrouted, rest: others - unrouted }
}

/**
 * Whether half-open connections were so many that `tcp_max_syn_backlog` makes a listener drop SYNs, which it does only
 * without SYN cookies, from three quarters on. null where nobody looked.
 */
export function isSynBacklogFull({ facts, halfOpenPeak }: ExplainContext): boolean | null {
  const { maxSynBacklog } = facts.after.tcp
  if (maxSynBacklog === null || halfOpenPeak === null || halfOpenPeak === undefined) return null
  // A little below: some may have ended between the drop and the look.
  return halfOpenPeak >= maxSynBacklog * 0.75 * 0.9
}

/** Whether so many dropped SYNs can have come over IPv6. Over IPv4 every missing route is counted. */
export function mayBeIpv6(context: ExplainContext, drops: number): boolean {
  return moved(context, 'Ip6.InReceives') >= drops
}

/** Dropped SYNs as a share of those that came: those whose connections were opened, and those that were dropped. */
export function droppedShare({ deltas }: ExplainContext, drops: number): number {
  const opened = Math.max(0, deltas['Tcp.PassiveOpens']?.delta ?? 0)
  return drops === 0 ? 0 : drops / (drops + opened)
}

/** A single client that gets no answer sends this many SYNs before it gives up, or fewer. */
export const leastDrops = 8

/** How much SYNs matter that a listener dropped: a note of a stray client, or below a hundredth of those that came. */
export function dropSeverity(context: ExplainContext, drops: number): Severity {
  if (context.run !== null) return lossSeverity(context, drops)
  return drops >= leastDrops && isCriticalShare(droppedShare(context, drops), 1) ? 'warning' : 'info'
}

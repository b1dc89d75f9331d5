/** The state of connection tracking, and the packets it has dropped since a watch began. */
import { conntrackDrops } from '../host/conntrack_drops.js'
import type { CounterChanges } from '../host/counters.js'
import type { HostFacts } from '../host/facts.js'
import type { ConntrackFill } from './watch_result.js'

/** null if connection tracking is not loaded. */
export function conntrackFill({ conntrack }: HostFacts, changes: CounterChanges): ConntrackFill | null {
  const { count, max, buckets } = conntrack
  if (count === null) return null
  const { table, chains, clashes } = conntrackDrops(changes)
  return { entries: count, max, buckets, dropped: table, refused: chains, clashed: clashes }
}

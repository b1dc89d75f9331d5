/** Packets dropped by connection tracking; its counters distinguish the reasons. */
import { type CounterChanges, movedBy } from './counters.js'

/** Packets that connection tracking dropped, by reason. */
export interface ConntrackDrops {
  /** The table was full, or a protocol refused the packet: `drop` alone. */
  table: number
  /** The hash chain of the entry was too long: `insert_failed` with `chaintoolong`, without `drop`. */
  chains: number
  /**
   * Another connection had the tuple of the entry: `insert_failed` and `drop` together, in nf_ct_resolve_clash of
   * net/netfilter/nf_conntrack_core.c. This happens to a packet for which a NAT found no free port, and to the slower of
   * two packets that take the same port at the same moment.
   */
  clashes: number
}

/** Separates the reasons: a chain that is too long also counts as `insert_failed`, a clash also as `drop`. */
export function conntrackDrops(changes: CounterChanges): ConntrackDrops {
  const chains = movedBy(changes, 'Conntrack.chaintoolong')
  const drops = movedBy(changes, 'Conntrack.drop')
  const clashes = Math.min(drops, Math.max(0, movedBy(changes, 'Conntrack.insert_failed') - chains))
  return { table: drops - clashes, chains, clashes }
}

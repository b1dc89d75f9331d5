import { type ProcReader, parseInteger } from './proc_reader.js'

/** Connection tracking. All null where the module is not loaded. */
export interface ConntrackFacts {
  /** Entries of this network namespace. 0 with traffic going on means that no rule here tracks. */
  count: number | null
  /** The bound each namespace's count is held against; set in the initial namespace only. */
  max: number | null
  /** Buckets of the one hash table of the host; set in the initial namespace only. */
  buckets: number | null
  /** Entries of all namespaces, which share the buckets; from slabinfo, so null without root. */
  entriesAllNamespaces: number | null
  /** Whether this kernel bounds the hash chains (5.15 and backports): its statistics have a column for it. */
  boundsChains: boolean | null
}

/** @param counts whether to count the entries of all namespaces, which takes longer than all other facts together */
export function readConntrackFacts(proc: ProcReader, counts: boolean): ConntrackFacts {
  const netfilter = (name: string) => proc.integer(`sys/net/netfilter/nf_conntrack_${name}`)
  const count = netfilter('count')
  return {
    count,
    max: netfilter('max'),
    buckets: netfilter('buckets'),
    // Reading slabinfo takes a mutex and up to some milliseconds: not without need.
    entriesAllNamespaces: count === null || !counts ? null : proc.parse('slabinfo', activeEntries),
    boundsChains: proc.parse('net/stat/nf_conntrack', (text) => /\bchainlength\b/.test(text))
  }
}

/** slabinfo(5): name, active objects, ... The cache is never merged with others because it is SLAB_TYPESAFE_BY_RCU. */
function activeEntries(slabinfo: string): number | null {
  return parseInteger(/^nf_conntrack\s+(\d+)\s/m.exec(slabinfo)?.[1])
}

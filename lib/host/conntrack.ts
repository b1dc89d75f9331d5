import { type ProcReader, parseInteger } from './proc_reader.js'

/** Connection tracking. All null if the module is not loaded. */
export interface ConntrackFacts {
  /** Entries of this network namespace. If it stays 0 under traffic, no rule in this namespace tracks connections. */
  count: number | null
  /** Limit for the count of each namespace; can be set only in the initial namespace. */
  max: number | null
  /** Buckets of the host's only hash table; can be set only in the initial namespace. */
  buckets: number | null
  /** Entries of all namespaces, which share the buckets; read from slabinfo, so null without root. */
  entriesAllNamespaces: number | null
  /** Whether this kernel limits the length of hash chains (5.15 and backports): then its statistics have a column for it. */
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
    // Reading slabinfo takes a mutex and up to some milliseconds, so it is read only on request.
    entriesAllNamespaces: count === null || !counts ? null : proc.parse('slabinfo', activeEntries),
    boundsChains: proc.parse('net/stat/nf_conntrack', (text) => /\bchainlength\b/.test(text))
  }
}

/** slabinfo(5): name, active objects, ... The cache is never merged with others because it is SLAB_TYPESAFE_BY_RCU. */
function activeEntries(slabinfo: string): number | null {
  return parseInteger(/^nf_conntrack\s+(\d+)\s/m.exec(slabinfo)?.[1])
}

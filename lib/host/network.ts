import { readdirSync } from 'node:fs'
import { type ProcReader, reasonOf } from './proc_reader.js'

/** Settings of the layers below TCP. */
export interface NetworkFacts {
  /** `rp_filter` of `all`, and of each interface; the larger of the two applies: 0 off, 1 strict, 2 loose. */
  rpFilterAll: number | null
  /** null if there are more than 64 interfaces, or they could not be listed. */
  rpFilterInterfaces: Record<string, number> | null
  /** `neigh.default.gc_thresh3`: most neighbors the host keeps, by family. */
  neighboursMaxV4: number | null
  neighboursMaxV6: number | null
  /** 1: this namespace has no IPv6. */
  ipv6Disabled: number | null
  /** `net.core.netdev_max_backlog`: packets that may wait for a CPU, including those of loopback and veth. */
  netdevMaxBacklog: number | null
}

/** A container host has thousands of interfaces; reading so many files would cost more than they show. */
const MAX_INTERFACES = 64

export function readNetworkFacts(proc: ProcReader, procRoot: string): NetworkFacts {
  const conf = 'sys/net/ipv4/conf'
  return {
    rpFilterAll: proc.integer(`${conf}/all/rp_filter`),
    rpFilterInterfaces: readInterfaces(proc, procRoot, conf),
    neighboursMaxV4: proc.integer('sys/net/ipv4/neigh/default/gc_thresh3'),
    neighboursMaxV6: proc.integer('sys/net/ipv6/neigh/default/gc_thresh3'),
    ipv6Disabled: proc.integer('sys/net/ipv6/conf/all/disable_ipv6'),
    netdevMaxBacklog: proc.integer('sys/net/core/netdev_max_backlog')
  }
}

function readInterfaces(proc: ProcReader, procRoot: string, conf: string): Record<string, number> | null {
  let names: string[]
  try {
    names = readdirSync(`${procRoot}/${conf}`).filter((name) => name !== 'all' && name !== 'default')
  } catch (error) {
    proc.note(conf, reasonOf(error))
    return null
  }
  if (names.length > MAX_INTERFACES) return null
  const filters: Record<string, number> = {}
  for (const name of names) {
    const value = proc.integer(`${conf}/${name}/rp_filter`)
    if (value !== null) filters[name] = value
  }
  return filters
}

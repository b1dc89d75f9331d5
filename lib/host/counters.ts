import {
  type CounterParser,
  type Counters,
  parseDevices,
  parseSnmp,
  parseSnmp6,
  parseSockstat,
  parseSoftnet,
  parseStat
} from './counter_files.js'
import type { CounterName } from './counter_names.js'
import { readProcText } from './proc_reader.js'

/** A kernel counter at the start and the end of the run. */
export interface CounterChange {
  before: number
  after: number
  delta: number
}

/** Counters that moved, by name. */
export type CounterChanges = Record<string, CounterChange>

/**
 * All files except the last three belong to one network namespace, apart from the counters that {@link isHostWide} names.
 * In nf_conntrack and softnet_stat the number of each CPU has 32 bits. The file of nf_conntrack exists once its module is
 * loaded, those of neighbors only in the initial namespace.
 */
const files: [path: string, parse: CounterParser][] = [
  ['net/netstat', parseSnmp],
  ['net/snmp', parseSnmp],
  ['net/snmp6', parseSnmp6],
  ['net/sockstat', parseSockstat],
  ['net/sockstat6', parseSockstat],
  ['net/dev', parseDevices],
  ['net/stat/nf_conntrack', parseStat('Conntrack')],
  ['net/stat/arp_cache', parseStat('Neigh4')],
  ['net/stat/ndisc_cache', parseStat('Neigh6')],
  ['net/softnet_stat', parseSoftnet]
]

/**
 * Reads the kernel's network counters: groups `Tcp`, `TcpExt`, `Ip`, `IpExt`, `Ip6`, `Icmp`, ... as in snmp and
 * netstat, `Sockstat.TCP.inuse`, `Conntrack.drop`, `Neigh4.table_fulls`, `Device.eth0.TxPackets`, `Softnet.dropped`.
 * A counter that this kernel does not have, or whose file cannot be read, is missing. Needs no privilege, never throws,
 * takes less than a millisecond.
 *
 * Numbers are doubles: beyond 2^53 (nine petabytes in an octet counter) the last digits are rounded.
 */
export function readCounters(sources?: { procRoot?: string }): Counters {
  return noteCounters(sources)()
}

/** {@link readCounters} in two steps: reads now; the returned function parses, which takes twice as long as reading. */
export function noteCounters({ procRoot = '/proc' }: { procRoot?: string } = {}): () => Counters {
  const texts = files.map(([path]) => {
    try {
      return readProcText(`${procRoot}/${path}`)
    } catch {
      // Missing on this kernel, or not readable: its counters stay unknown.
      return ''
    }
  })
  let counters: Counters | undefined
  return () => {
    if (counters) return counters
    counters = {}
    for (const [i, [, parse]] of files.entries()) parse(texts[i] ?? '', counters)
    return counters
  }
}

/** Value of a counter; null if it is unknown on this host. */
export function counterValue(counters: Counters, name: CounterName): number | null {
  return counters[name] ?? null
}

/** How far a counter moved; 0 if it did not move or is unknown. */
export function movedBy(changes: CounterChanges, name: CounterName): number {
  return changes[name]?.delta ?? 0
}

/**
 * Whether a counter covers all network namespaces together, whichever it is read in: neighbor tables, the backlog of each
 * CPU, and what tcp_prot holds once (tcp_orphan_count_sum, proto_memory_allocated and
 * proto_sockets_allocated_sum_positive in sockstat_seq_show, net/ipv4/proc.c).
 */
export function isHostWide(name: CounterName): boolean {
  return /^(Softnet|Neigh[46])\.|^Sockstat\.TCP\.(orphan|mem|alloc)$/.test(name)
}

/** Values that rise and fall, so that a decrease is not a wrap. */
const gauges =
  /^(Sockstat\.|(Conntrack|Neigh[46])\.(entries|gc_thresh3)$|Tcp\.(CurrEstab|Rto|MaxConn)|Ip\.(Forwarding|DefaultTTL)$)/

/** Groups whose numbers have 32 bits per CPU: `%08x` in net-procfs.c and in nf_conntrack_standalone.c. */
const narrow = /^(Conntrack|Softnet)\./

/**
 * Changes between two readings, of counters in both. A gauge may decrease. Any other counter that seems to decrease has
 * wrapped at 2^32 or 2^64. If a wrap would mean a change of half the range or more, the counter was reset instead (a CPU
 * went offline, the module was reloaded): the true change is unknown, and the counter is left out.
 */
export function counterDeltas(before: Counters, after: Counters): CounterChanges {
  const changes: CounterChanges = {}
  // Iterates without an array per counter: there are hundreds, and few have moved.
  for (const name in after) {
    const then = before[name]
    const now = after[name]
    if (now === undefined || then === undefined || then === now) continue
    const delta = change(name, then, now)
    if (delta !== null) changes[name] = { before: then, after: now, delta }
  }
  return changes
}

function change(name: string, before: number, after: number): number | null {
  const difference = after - before
  if (difference > 0 || gauges.test(name)) return difference
  const range = narrow.test(name) ? 2 ** 32 : 2 ** 64
  const wrapped = difference + range
  return wrapped < range / 2 ? wrapped : null
}

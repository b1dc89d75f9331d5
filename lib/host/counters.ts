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

/** A kernel counter at the beginning and the end of the run. */
export interface CounterChange {
  before: number
  after: number
  delta: number
}

/** Counters that moved, by name. */
export type CounterChanges = Record<string, CounterChange>

/**
 * All but the last three are of one network namespace, save for what {@link isHostWide} names. In nf_conntrack and
 * softnet_stat each CPU's number has 32 bits. The file of nf_conntrack is there once its module is loaded, those of
 * neighbours in the initial namespace only.
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
 * netstat, `Sockstat.TCP.inuse`, `Conntrack.drop`, `Neigh4.table_fulls`, `Device.eth0.TxPackets`,
 * `Softnet.dropped`. A counter this kernel does
 * not have, or whose file cannot be read, is missing. Needs no privilege, never fails, takes less than a millisecond.
 *
 * Numbers are doubles: beyond 2^53 (nine petabytes in an octet counter) the last digits round.
 */
export function readCounters(sources?: { procRoot?: string }): Counters {
  return noteCounters(sources)()
}

/** {@link readCounters} in two steps: reads now, and makes sense of it when asked, which takes twice as long. */
export function noteCounters({ procRoot = '/proc' }: { procRoot?: string } = {}): () => Counters {
  const texts = files.map(([path]) => {
    try {
      return readProcText(`${procRoot}/${path}`)
    } catch {
      // Not on this kernel, or not for us: its names stay unknown.
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

/** A counter's value; null when it is unknown here. */
export function counterValue(counters: Counters, name: CounterName): number | null {
  return counters[name] ?? null
}

/** How far a counter moved; 0 when it did not, or is unknown. */
export function movedBy(changes: CounterChanges, name: CounterName): number {
  return changes[name]?.delta ?? 0
}

/**
 * What counts for all network namespaces together, in whichever it is read: neighbour tables and the backlog of each
 * CPU, and what tcp_prot holds once (tcp_orphan_count_sum, proto_memory_allocated and proto_sockets_allocated_sum_positive
 * in sockstat_seq_show, net/ipv4/proc.c).
 */
export function isHostWide(name: CounterName): boolean {
  return /^(Softnet|Neigh[46])\.|^Sockstat\.TCP\.(orphan|mem|alloc)$/.test(name)
}

/** Values that rise and fall, so that a fall is no wrap. */
const gauges =
  /^(Sockstat\.|(Conntrack|Neigh[46])\.(entries|gc_thresh3)$|Tcp\.(CurrEstab|Rto|MaxConn)|Ip\.(Forwarding|DefaultTTL)$)/

/** Where every CPU counts in 32 bits: `%08x` in net-procfs.c and in nf_conntrack_standalone.c. */
const narrow = /^(Conntrack|Softnet)\./

/**
 * What moved between two readings, of names in both. A gauge may move down. A counter that seems to have done so has
 * wrapped at 2^32 or 2^64; where that would mean half of its range, it was reset instead (a CPU went offline, the
 * module was loaded anew), the true change is unknown, and it is left out.
 */
export function counterDeltas(before: Counters, after: Counters): CounterChanges {
  const changes: CounterChanges = {}
  // Hundreds of names, few of which have moved: without an array for each.
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

/** What connections take of the hosts they are between, reckoned without opening one. */
import type { TableRules } from '../engine/descriptor_tables.js'
import type { ConntrackFacts } from '../host/conntrack.js'
import type { HostFacts } from '../host/facts.js'
import { isAtLeast } from '../host/kernel.js'
import { tupleLifetimeSeconds } from '../host/nat_arithmetic.js'
import { type NatNeeds, natNeeds } from './nat.js'
import type { DialScenario } from './scenario.js'
import { endsInProcess } from './self_dial.js'
import { reservedPerTable, sharedTableCapacity, tableLimit, tableLimits } from './tables.js'

/** What a scenario takes, reckoned without sending a packet. Whatever does not apply is 0. */
export interface Needs {
  /** Connections held at once. */
  connections: number
  /** Highest rate of connection starts asked for; null: as fast as possible. */
  ratePerSecond: number | null
  /** Distinct 4-tuples the scenario may use. */
  tuples: number
  /** Descriptors open at once in this process: twice the connections when it holds both ends. */
  descriptors: number
  /** Descriptors one table can give, after its reserve. */
  descriptorsPerTable: number
  /** Tables the run may open; 1 when the kernel refuses private ones. */
  tables: number
  /** Entries the connections add to this namespace's connection tracking; 0 where nothing tracks them. */
  conntrackEntries: number
  /** Entries they add to the host's one conntrack hash: more when both ends are tracked, each in its namespace. */
  conntrackEntriesOnHost: number
  /** Slab of the sockets. */
  kernelMemoryBytes: number
  /** Established sockets in this namespace's hash. */
  sockets: number
  /** TIME_WAIT sockets in the steady state of a churning run. */
  timeWaits: number
  /** Source addresses asked for that no interface here has. */
  missingSources: string[]
  /** Targets this host has no route to. */
  unroutedTargets: string[]
  /** A NAT said to be on the path. */
  nat: NatNeeds | null
}

/** Kernel slab of one socket, in bytes: measured on Linux 6.18, bare and registered with epoll (as held ones are). */
export const slabBytesPerSocket = { bare: 3900, watched: 4000 } as const

/** Resident memory of this process, in bytes: measured at 40,000 and at a million connections. */
export const residentBytes = { process: 52e6, table: 100e3, descriptor: 4 } as const

/** Threads of a Node process that are not ours: its own, libuv's pool, V8's workers. */
const reservedThreads = 32

/** Connections as one host meets them. */
export interface Load {
  connections: number
  /** Highest rate of connection starts; null: as fast as possible. */
  ratePerSecond: number | null
  /** Distinct 4-tuples they may use; not fewer than the connections where that is another host's concern. */
  tuples: number
  /** Ends of each connection in this process: 2 in a self-dial. */
  endsInProcess: 1 | 2
  /** Ends of each connection in this network namespace. */
  endsInNamespace: 1 | 2
  /** Whether sockets are registered with epoll for long. */
  watched: boolean
  /** Whether this namespace tracks connections. */
  tracked: boolean
  /** What the kernel lets this process do with descriptor tables; unknown: as its release says. */
  tableRules?: TableRules | null
  /** Threads that share a table where they cannot have their own. Default 1. */
  workers?: number
  /** TIME_WAIT sockets of closed connections here, and entries that tracking keeps of them. Default 0. */
  timeWaits?: number
  trackedClosed?: number
  missingSources?: string[]
  unroutedTargets?: string[]
  nat?: NatNeeds | null
}

/** What the load takes of the host with these facts. A limit that is unknown is taken not to bind. */
export function reckonNeeds(facts: HostFacts, load: Load): Needs {
  const { connections, endsInProcess, endsInNamespace } = load
  const sockets = connections * endsInNamespace
  // One entry stands for both directions, and for both ends in one namespace.
  const conntrackEntries = load.tracked ? connections + (load.trackedClosed ?? 0) : 0
  return {
    connections,
    ratePerSecond: load.ratePerSecond,
    tuples: load.tuples,
    descriptors: connections * endsInProcess,
    ...descriptorRoom(facts, load),
    conntrackEntries,
    conntrackEntriesOnHost: conntrackEntries,
    kernelMemoryBytes: sockets * (load.watched ? slabBytesPerSocket.watched : slabBytesPerSocket.bare),
    sockets,
    timeWaits: load.timeWaits ?? 0,
    missingSources: load.missingSources ?? [],
    unroutedTargets: load.unroutedTargets ?? [],
    nat: load.nat ?? null
  }
}

/** What is known of a dial besides its scenario. */
export interface DialSurroundings {
  /** Whether the listener is in this network namespace. */
  peerIsHere: boolean
  /** What to take for granted of a host that tracks connections and has no entry: see {@link isTracked}. */
  idleTracks: boolean
  /** Distinct 4-tuples, where something allows fewer than the scenario has. */
  tuples?: number
  tableRules?: TableRules | null
  missingSources?: string[]
  unroutedTargets?: string[]
}

/** What a dial takes of the host it starts from. */
export function dialNeeds(facts: HostFacts, scenario: DialScenario, around: DialSurroundings): Needs {
  const { peerIsHere, idleTracks, ...rest } = around
  const rate = highestRate(scenario)
  const left = leftBehind(scenario, rate)
  return reckonNeeds(facts, {
    connections: scenario.connections,
    ratePerSecond: rate,
    tuples: scenario.tuples,
    endsInProcess: endsInProcess(scenario),
    workers: scenario.workers,
    endsInNamespace: peerIsHere ? 2 : 1,
    watched: scenario.holdMs > 0 || scenario.churn,
    tracked: isTracked(facts.conntrack, idleTracks),
    timeWaits: peerIsHere || scenario.closeBy === 'client' ? left.timeWaits : 0,
    trackedClosed: left.trackedClosed,
    nat: scenario.nat && natNeeds(scenario.nat),
    ...rest
  })
}

/** Highest rate of connection starts asked for; null: as fast as possible. */
export function highestRate({ rate }: DialScenario): number | null {
  return rate.length === 0 ? null : Math.max(...rate.map(({ perSecond }) => perSecond))
}

/** How long closed connections are remembered, in seconds: TIME_WAIT by the socket, the others by connection tracking. */
const remembered = {
  timeWait: tupleLifetimeSeconds.timeWait,
  trackedFin: tupleLifetimeSeconds.tracking,
  /** State CLOSE, after a RST: nf_conntrack_proto_tcp.c. */
  trackedRst: 10
} as const

/**
 * What the closed connections of a churn leave behind while it goes on, at the side that closes first and in tracking; at
 * most one for each tuple. Nothing is known of one that goes as fast as possible.
 * @param rate of connection starts
 */
export function leftBehind(
  { churn, close, selfDial, durationMs, tuples }: DialScenario,
  rate: number | null
): { timeWaits: number; trackedClosed: number } {
  if (!churn || rate === null) return { timeWaits: 0, trackedClosed: 0 }
  const closed = (seconds: number) =>
    Math.min(tuples, Math.ceil(rate * Math.min(seconds, (durationMs ?? Number.POSITIVE_INFINITY) / 1000)))
  // The listener of a self-dial resets what the dialer has closed.
  const resets = close === 'rst' || selfDial
  return {
    timeWaits: resets ? 0 : closed(remembered.timeWait),
    trackedClosed: closed(resets ? remembered.trackedRst : remembered.trackedFin)
  }
}

/** Tables a run may open here, and the descriptors each gives. */
function descriptorRoom(
  { kernel, limits, cgroup }: HostFacts,
  { endsInProcess: perConnection, tableRules = null, workers = 1 }: Load
): Pick<Needs, 'tables' | 'descriptorsPerTable'> {
  const limit = Math.min(tableLimit(limits, tableRules) ?? Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER)
  const usable = (descriptors: number) => Math.max(0, Math.floor(descriptors / perConnection) * perConnection)
  // CLOSE_RANGE_UNSHARE: close_range(2), Linux 5.9.
  const ofRelease = kernel.version === null || isAtLeast(kernel.version, 5, 9)
  if (!(tableRules?.privateTables ?? ofRelease)) {
    const capacity = sharedTableCapacity(perConnection, workers, tableRules?.descriptorLimit ?? limit)
    return { tables: 1, descriptorsPerTable: capacity * perConnection }
  }
  const threads =
    typeof cgroup.pidsMax === 'number' ? cgroup.pidsMax - reservedThreads : tableLimits.maxTables
  return {
    tables: Math.max(1, Math.min(tableLimits.maxTables, threads)),
    descriptorsPerTable: usable(Math.min(limit, tableLimits.descriptorsPerTable) - reservedPerTable)
  }
}

/** Descriptor tables that `needs` comes to; no more than there may be. */
export function tablesUsed({ descriptors, descriptorsPerTable, tables }: Needs): number {
  return descriptorsPerTable === 0
    ? tables
    : Math.min(tables, Math.max(1, Math.ceil(descriptors / descriptorsPerTable)))
}

/**
 * Whether a namespace tracks connections. The module may be loaded without a rule that uses it; then it counts no entry
 * however many connections there are.
 * @param ifIdle what to take for granted where no entry is counted: of a host at work that it does not track, of one
 * described in a file that it may
 */
export function isTracked({ count, max }: ConntrackFacts, ifIdle: boolean): boolean {
  if (max === null) return false
  return count === 0 ? ifIdle : true
}

/** Whether connection tracking is known not to be loaded: there is no such file. */
export function hasNoConntrack({ unknown }: HostFacts): boolean {
  return unknown['/proc/sys/net/netfilter/nf_conntrack_max'] === 'ENOENT'
}

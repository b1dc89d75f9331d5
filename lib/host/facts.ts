import { assertLinux } from '../base/platform.js'
import { type CgroupFacts, readCgroupFacts } from './cgroup.js'
import { type ConntrackFacts, readConntrackFacts } from './conntrack.js'
import { type KernelFacts, readKernelFacts } from './kernel.js'
import { type LimitFacts, readLimitFacts } from './limits.js'
import { type MemoryFacts, readMemoryFacts } from './memory.js'
import { type NetworkFacts, readNetworkFacts } from './network.js'
import { type PortFacts, readPortFacts } from './ports.js'
import { ProcReader, type UnknownReason } from './proc_reader.js'
import { readTcpFacts, type TcpFacts } from './tcp.js'

/**
 * Limits and settings of the host, without judgment, as plain JSON. A null anywhere means "unknown", never 0: this kernel
 * does not have it, or this process may not read it; {@link unknown} says which.
 */
export interface HostFacts {
  kernel: KernelFacts
  limits: LimitFacts
  ports: PortFacts
  tcp: TcpFacts
  memory: MemoryFacts
  network: NetworkFacts
  conntrack: ConntrackFacts
  cgroup: CgroupFacts
  /** Why a file provided no fact, by path: `ENOENT`, `EACCES`, ... or `malformed`. */
  unknown: Record<string, UnknownReason>
}

/** Where to read the facts, and how many. */
export interface FactSources {
  /** Default `/proc`. */
  procRoot?: string
  /** Default `/sys`. */
  sysRoot?: string
  /** Leaves out facts that take as long to read as all others together, for use while every millisecond counts. */
  brief?: boolean
}

/**
 * Reads limits and settings of this host and this network namespace. Needs no privilege and never fails on Linux.
 * Synchronous; takes one to two milliseconds, so a run can call it at its start and its end.
 * @throws C1mError C1M_NATIVE_UNAVAILABLE on any other system
 */
export function readHostFacts({
  procRoot = '/proc',
  sysRoot = '/sys',
  brief = false
}: FactSources = {}): HostFacts {
  assertLinux()
  const proc = new ProcReader(procRoot, '/proc')
  return {
    kernel: readKernelFacts(proc),
    limits: readLimitFacts(proc),
    ports: readPortFacts(proc),
    tcp: readTcpFacts(proc),
    memory: readMemoryFacts(proc, procRoot),
    network: readNetworkFacts(proc, procRoot),
    conntrack: readConntrackFacts(proc, !brief),
    cgroup: readCgroupFacts(proc, sysRoot),
    unknown: proc.unknown
  }
}

/** Descriptor tables: how many a run takes, and whether its connections fit. */
import { C1mError } from '../base/errors.js'
import { formatNumber } from '../base/units.js'
import type { TableRules } from '../engine/descriptor_tables.js'
import type { LimitFacts } from '../host/limits.js'

/** What the engine uses of descriptor tables, as it is told with each run. */
export const tableLimits = {
  /** Descriptor tables a run may open; each is a thread. */
  maxTables: 1024,
  /** Descriptors of one table the engine will use, however high RLIMIT_NOFILE is. */
  descriptorsPerTable: 65_536,
  /** Descriptors left to the rest of the process where all threads share its table. */
  reservedInSharedTable: 64
} as const

const { maxTables, descriptorsPerTable: maxDescriptorsPerTable, reservedInSharedTable } = tableLimits

/** Descriptors of a table that are no connections: epoll, wake-up, listeners, and room to spare. */
export const reservedPerTable = 32

/**
 * Tables in which so many connections can be open at once; at most `maxTables`, however many it would take.
 * @param descriptorsPerConnection 1, or 2 when both ends are in this process
 * @param hardLimit hard RLIMIT_NOFILE (getrlimit(2)); may be Infinity
 */
export function tablesFor(connections: number, descriptorsPerConnection: number, hardLimit: number): number {
  return Math.min(maxTables, Math.ceil(connections / perTable(hardLimit, descriptorsPerConnection)))
}

/**
 * Checks that connections fit into private descriptor tables, each of which RLIMIT_NOFILE bounds anew.
 * @param descriptorsPerConnection 1, or 2 when both ends are in this process
 * @param hardLimit hard RLIMIT_NOFILE (getrlimit(2)); may be Infinity
 * @throws C1mError C1M_DESCRIPTOR_LIMIT
 */
export function checkTables(connections: number, descriptorsPerConnection: number, hardLimit: number): void {
  const capacity = perTable(hardLimit, descriptorsPerConnection) * maxTables
  if (connections <= capacity) return
  const fit = `of ${formatNumber(connections)} connections, ${formatNumber(capacity)} fit`
  if (connections > perTable(Number.POSITIVE_INFINITY, descriptorsPerConnection) * maxTables) {
    throw new C1mError(
      'C1M_DESCRIPTOR_LIMIT',
      `${fit} into ${formatNumber(maxTables)} descriptor tables of ${formatNumber(Math.min(hardLimit, maxDescriptorsPerTable))} descriptors, the most one process uses`,
      { hint: (option) => `Split the run over several processes with ${option('shard', 'K/N')}.` }
    )
  }
  const needed = Math.ceil(connections / maxTables) * descriptorsPerConnection + reservedPerTable
  throw new C1mError(
    'C1M_DESCRIPTOR_LIMIT',
    `${fit}: the hard limit on open files (RLIMIT_NOFILE) is ${formatNumber(hardLimit)}, for each of ${formatNumber(maxTables)} descriptor tables`,
    { hint: `Raise it: ulimit -n ${needed} (as root, or nofile in /etc/security/limits.conf).` }
  )
}

/**
 * Connections that fit where threads cannot have descriptor tables of their own.
 * @param workers threads that share the one table evenly
 * @param limit RLIMIT_NOFILE
 */
export function sharedTableCapacity(
  descriptorsPerConnection: number,
  workers: number,
  limit: number
): number {
  const perWorker = Math.floor(Math.max(0, limit - reservedInSharedTable) / workers)
  return workers * Math.floor(perWorker / descriptorsPerConnection)
}

/**
 * Checks that connections fit where threads cannot have descriptor tables of their own.
 * @param workers threads that share the one table evenly
 * @param limit RLIMIT_NOFILE
 * @throws C1mError C1M_DESCRIPTOR_LIMIT
 */
export function checkSharedTable(
  connections: number,
  descriptorsPerConnection: number,
  workers: number,
  limit: number
): void {
  const capacity = sharedTableCapacity(descriptorsPerConnection, workers, limit)
  if (connections <= capacity) return
  const needed = Math.ceil(connections / workers) * descriptorsPerConnection * workers + reservedInSharedTable
  throw new C1mError(
    'C1M_DESCRIPTOR_LIMIT',
    `of ${formatNumber(connections)} connections, ${formatNumber(capacity)} fit into one descriptor table of ${formatNumber(limit)} descriptors, and threads cannot have tables of their own here: close_range(2) came with Linux 5.9, and a seccomp filter may refuse it`,
    { hint: `Raise the limit: ulimit -n ${needed} (as root, or nofile in /etc/security/limits.conf).` }
  )
}

/**
 * Descriptors that one table may have, as far as RLIMIT_NOFILE goes: as many as the hard limit says, or the soft one where
 * a sandbox keeps this process from raising it; null where the limits are unknown.
 */
export function tableLimit(
  { nofileSoft, nofileHard }: Pick<LimitFacts, 'nofileSoft' | 'nofileHard'>,
  rules: TableRules | null
): number | null {
  const [soft, hard] = [nofileSoft, nofileHard].map((limit) =>
    limit === 'unlimited' ? Number.POSITIVE_INFINITY : (limit ?? Number.NaN)
  ) as [number, number]
  if (Number.isNaN(hard)) return null
  return rules && soft < hard && rules.descriptorLimit < hard ? soft : hard
}

/** Connections that fit into one table. */
function perTable(hardLimit: number, descriptorsPerConnection: number): number {
  const descriptors = Math.min(hardLimit, maxDescriptorsPerTable) - reservedPerTable
  return Math.max(0, Math.floor(descriptors / descriptorsPerConnection))
}

/** Threads: each descriptor table of a run has one. */
import { tablesWithThreads } from '../engine/threads.js'
import { type Needs, tablesUsed } from './needs.js'

/**
 * The needs with only as many tables as can have a thread on this host now.
 * @param workers threads that a run starts with
 * @throws C1mError C1M_RUN_FAILED where a run would not start
 */
export function withThreads(needs: Needs, workers: number): Needs {
  const wanted = Math.max(workers, tablesUsed(needs))
  const room = tablesWithThreads(wanted, Math.min(workers, 1023))
  return room === null || room >= wanted ? needs : { ...needs, tables: Math.min(needs.tables, room) }
}

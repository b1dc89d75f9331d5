/** The number of threads this process may start: limited by RLIMIT_NPROC, `pids.max` of the cgroup and the host. */

import { native } from './native.js'
import { makeThreadPool, startFailure } from './start_failure.js'

/** Maximum number of threads to try at once. */
const mostTried = 1024

/**
 * Finds how many of `wanted` tables can have a thread now, in addition to the supervisor thread of a run. Tries it with
 * threads that end at once. Null if there is no addon for this host.
 * @param least number of tables without which a run cannot start
 * @throws C1mError C1M_RUN_FAILED if a run could not start, with the same error
 */
export function tablesWithThreads(wanted: number, least: number): number | null {
  let addon: ReturnType<typeof native>
  try {
    addon = native()
  } catch {
    return null
  }
  try {
    makeThreadPool(addon)
    addon.tryThreads(least + 1)
  } catch (error) {
    throw startFailure(error)
  }
  const can = (tables: number) => {
    try {
      addon.tryThreads(tables + 1)
      return true
    } catch {
      return false
    }
  }
  let most = Math.max(least, Math.min(wanted, mostTried - 1))
  if (can(most)) return Math.max(most, wanted)
  let some = least
  while (most - some > 1) {
    const middle = Math.floor((some + most) / 2)
    if (can(middle)) some = middle
    else most = middle
  }
  return some
}

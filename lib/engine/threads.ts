/** How many threads this process may start: RLIMIT_NPROC, `pids.max` of the cgroup and the host's limits decide together. */

import { native } from './native.js'
import { makeThreadPool, startFailure } from './start_failure.js'

/** The most that are tried at once. */
const mostTried = 1024

/**
 * How many of `wanted` tables can have a thread now, beside the one that supervises a run; starts threads that end at
 * once. Null where there is no addon for this host.
 * @param least a run starts with so many, or not at all
 * @throws C1mError C1M_RUN_FAILED where it would not start, as the run itself does
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

/** A dial under way, and something that happens in the middle of it. */
import type { ChildProcess } from 'node:child_process'
import type { Snapshot } from '../../lib/dial/snapshot.js'
import type { RunResult } from '../../lib/result/result.js'
import { jsonLines } from './namespace.js'

/** Acts once, when a snapshot of a `dial --ndjson` is as wanted; gives the result. */
export async function actingWhen(
  dialing: ChildProcess,
  isWanted: (snapshot: Snapshot) => boolean,
  act: () => void
): Promise<RunResult> {
  let acted = false
  let last: unknown
  for await (const line of jsonLines(dialing)) {
    last = line
    if (acted || line.tSeconds === undefined || !isWanted(line as unknown as Snapshot)) continue
    acted = true
    act()
  }
  if (!acted) throw new Error('the moment to act never came')
  return last as RunResult
}

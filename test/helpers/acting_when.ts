/** A running dial, and an action in the middle of it. */
import type { ChildProcess } from 'node:child_process'
import type { Snapshot } from '../../lib/dial/snapshot.js'
import type { RunResult } from '../../lib/result/result.js'
import { jsonLines } from './namespace.js'

/** Acts once when a snapshot of a `dial --ndjson` satisfies the condition, and returns the result. */
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

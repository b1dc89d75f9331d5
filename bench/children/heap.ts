/**
 * A process that holds connections and weighs its JavaScript heap without the garbage, so it needs `--expose-gc`.
 * Usage: CONNECTIONS; prints a {@link HeapReport}.
 */
import { dial } from '../../lib/index.js'

export interface HeapReport {
  /** What the heap holds more than before the first of the connections. */
  grownBytes: number
}

function heapBytes(): number {
  globalThis.gc?.()
  return process.memoryUsage().heapUsed
}

/** Dials, and weighs the heap while all connections are held. */
async function holding(connections: number): Promise<number> {
  await using run = dial({ connections, holdMs: 600_000, close: 'rst' })
  for await (const { phase, established } of run.snapshots({ everyMs: 50 })) {
    if (phase !== 'holding') continue
    if (established !== connections) throw new Error(`${established} of ${connections} connections stand`)
    return heapBytes()
  }
  throw new Error('the run ended before all connections stood')
}

const connections = Number(process.argv[2])
// The first dials load and compile what the next ones use, a large one more than a small one.
for (const count of [1000, 1000, 1000, 1000, connections]) await holding(count)
const before = await holding(1000)
const grownBytes = (await holding(connections)) - before
console.log(JSON.stringify({ grownBytes } satisfies HeapReport))

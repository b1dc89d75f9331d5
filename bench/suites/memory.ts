/** What a connection costs in memory: in our process, in the JavaScript heap, in the kernel. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { formatNumber } from '../../lib/base/units.js'
import { runJson } from '../child.js'
import type { HeapReport } from '../children/heap.js'
import { holdOurs } from '../contenders.js'
import type { Figure } from '../result.js'
import { figure } from '../stats.js'
import type { Suite } from '../suite.js'

const plans = {
  quick: { sizes: [50_000], rounds: 2 },
  full: { sizes: [200_000, 1_000_000], rounds: 3 }
}

/** The bundle of children/heap.ts, beside that of the suite. */
const heapChild = fileURLToPath(new URL('benchmarks_heap.js', import.meta.url))

/** What the process needs besides connections cancels out against a run with this share of them. */
const smallShare = 0.1

export const memory: Suite = {
  title: 'memory per connection, both ends in one process',
  async run({ mode, progress }) {
    const { sizes, rounds } = plans[mode]
    const figures: Figure[] = []
    for (const connections of sizes) {
      const runs: { small: Held; large: Held }[] = []
      const heaps: number[] = []
      for (let round = 0; round < rounds; round++) {
        progress(`${formatNumber(connections)} connections, round ${round + 1} of ${rounds}`)
        runs.push({ small: await hold(connections * smallShare), large: await hold(connections) })
        const { grownBytes } = await runJson<HeapReport>(process.execPath, [
          '--expose-gc',
          heapChild,
          String(connections)
        ])
        heaps.push(grownBytes / connections)
      }
      const count = formatNumber(connections)
      const each = (name: keyof Held) =>
        runs.map(({ small, large }) => (large[name] - small[name]) / (connections * (1 - smallShare)))
      figures.push(
        // With fewer, what the threads and their buffers take is shared by too few.
        figure(
          `${count}: resident memory`,
          'B',
          each('rssBytes'),
          connections >= 1_000_000 ? { bound: 'at most', value: 40 } : undefined
        ),
        figure(`${count}: JavaScript heap`, 'B', heaps, { bound: 'at most', value: 1 }),
        figure(
          `${count}: kernel slab for each of the two sockets`,
          'B',
          each('slabBytes').map((bytes) => bytes / 2)
        )
      )
    }
    return { figures, notes }
  }
}

const notes = [
  'Resident memory and slab are the difference between two runs, one with a tenth of the connections of the other, for each connection more.',
  'Resident memory is VmRSS of /proc/PID/status, read by this process during the hold.',
  'The heap is heapUsed after a garbage collection, during the hold of all connections against that of 1,000 in the same process; no object belongs to a connection, and up to 1 B is what else moves there.',
  'The slab is that of the whole host (/proc/meminfo); whoever else opens files or sockets meanwhile moves it.',
  "The engine's own state is 4 bytes a socket, static_asserted in native/engine/state/connection_states.h."
]

interface Held {
  rssBytes: number
  slabBytes: number
}

async function hold(connections: number): Promise<Held> {
  const slabBefore = readKib('/proc/meminfo', 'Slab')
  let rssBytes = Number.NaN
  let slabBytes = Number.NaN
  await holdOurs(connections, 500, (pid) => {
    rssBytes = readKib(`/proc/${pid}/status`, 'VmRSS')
    slabBytes = readKib('/proc/meminfo', 'Slab') - slabBefore
  })
  return { rssBytes, slabBytes }
}

/** A line `name: n kB` of a file in /proc, in bytes. */
function readKib(path: string, name: string): number {
  const digits = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(readFileSync(path, 'utf8'))?.[1]
  return digits === undefined ? Number.NaN : Number(digits) * 1024
}

/** A process that dials and watches its own event loop. Usage: CONNECTIONS; prints a {@link DelayReport}. */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { dial } from '../../lib/index.js'

/** Delays in milliseconds. */
export interface Delays {
  samples: number
  p50Ms: number
  p99Ms: number
  maxMs: number
}

export interface DelayReport {
  idle: Delays
  dialing: Delays
}

/** How long the loop is watched at rest. */
const idleMs = 500

/** Watches the event loop until `work` is done. */
async function watched(work: () => Promise<void>): Promise<Delays> {
  const delays = monitorEventLoopDelay({ resolution: 1 })
  delays.enable()
  await work()
  delays.disable()
  return {
    samples: delays.count,
    p50Ms: delays.percentile(50) / 1e6,
    p99Ms: delays.percentile(99) / 1e6,
    maxMs: delays.max / 1e6
  }
}

async function ramp(): Promise<void> {
  for await (const { phase } of run.snapshots({ everyMs: 50 })) if (phase !== 'dialing') return
}

const idle = await watched(() => sleep(idleMs))
await using run = dial({ connections: Number(process.argv[2]), holdMs: 1000, close: 'rst' })
await run.started
const dialing = await watched(ramp)
console.log(JSON.stringify({ idle, dialing } satisfies DelayReport))

/** Whether JavaScript still gets its turn while connections are opened at full speed. */
import { fileURLToPath } from 'node:url'
import { formatNumber } from '../../lib/base/units.js'
import { runJson } from '../child.js'
import type { DelayReport } from '../children/event_loop.js'
import { figure } from '../stats.js'
import type { Suite } from '../suite.js'

const plans = {
  quick: { connections: 50_000, rounds: 3 },
  full: { connections: 200_000, rounds: 15 }
}

/** The bundle of children/event_loop.ts, beside that of the suite. */
const child = fileURLToPath(new URL('benchmarks_event_loop.js', import.meta.url))

export const eventLoop: Suite = {
  title: 'delay of the event loop during a ramp at full speed',
  async run({ mode, progress }) {
    const { connections, rounds } = plans[mode]
    const reports: DelayReport[] = []
    for (let round = 0; round < rounds; round++) {
      progress(`round ${round + 1} of ${rounds}`)
      reports.push(await runJson<DelayReport>(process.execPath, [child, String(connections)]))
    }
    return {
      figures: [
        figure(
          `p99 while ${formatNumber(connections)} are dialed`,
          'ms',
          reports.map(({ dialing }) => dialing.p99Ms),
          { bound: 'at most', value: 10 }
        ),
        figure(
          'longest of the ramp',
          'ms',
          reports.map(({ dialing }) => dialing.maxMs)
        ),
        figure(
          'p99 of the same process at rest',
          'ms',
          reports.map(({ idle }) => idle.p99Ms)
        )
      ],
      notes: ['From monitorEventLoopDelay with a resolution of 1 ms, which each delay includes.']
    }
  }
}

/** What single calls of the library take. */
import { readCounters } from '../../lib/host/counters.js'
import { readHostFacts } from '../../lib/host/facts.js'
import { listen } from '../../lib/index.js'
import { resolveDial } from '../../lib/scenario/scenario.js'
import { figure } from '../stats.js'
import { CannotRun, type Suite } from '../suite.js'

const plans = { quick: { rounds: 3, timeMs: 100 }, full: { rounds: 9, timeMs: 300 } }

/** The million of 20 destination ports from one source address. */
const million = { targets: ['127.0.0.1:8100-8119'], connections: 1_000_000, source: ['127.0.0.1'] }

export const library: Suite = {
  title: 'calls of the library',
  async run({ mode, progress }) {
    const { Bench } = await import('tinybench').catch(() => {
      throw new CannotRun('it needs tinybench: npm install tinybench')
    })
    const { rounds, timeMs } = plans[mode]
    const facts = readHostFacts()
    await using server = await listen()
    const calls: Record<string, () => unknown> = {
      'snapshot of a run': () => server.snapshots().next(),
      'resolve a scenario, dial to itself': () => resolveDial({ connections: 1_000_000 }, facts),
      'resolve a scenario, 20 ports': () => resolveDial(million, facts),
      'read the host facts': () => readHostFacts(),
      'read the network counters': () => readCounters()
    }
    const medians = new Map<string, number[]>(Object.keys(calls).map((name) => [name, []]))
    for (let round = 0; round < rounds; round++) {
      progress(`round ${round + 1} of ${rounds}`)
      const bench = new Bench({ time: timeMs, warmupTime: timeMs / 4 })
      for (const [name, call] of Object.entries(calls)) bench.add(name, async () => void (await call()))
      await bench.run()
      for (const { name, result } of bench.tasks) {
        if (result.state !== 'completed') throw new Error(`${name} did not complete`)
        medians.get(name)?.push(result.latency.p50 * 1000)
      }
    }
    return {
      figures: [...medians].map(([name, values]) => figure(name, 'us', values)),
      notes: ['Each value is the median of one tinybench round; awaiting a call is included.']
    }
  }
}

/** What looking costs: a census of every connection, a live sample, and sock_diag. */

import { formatNumber } from '../../lib/base/units.js'
import type { Snapshot } from '../../lib/dial/snapshot.js'
import { surveySockets } from '../../lib/engine/sockets.js'
import type { RunResult } from '../../lib/result/result.js'
import { Talker } from '../child.js'
import { commandLine } from '../contenders.js'
import { alternate, witnessed } from '../pairs.js'
import type { Comparison, Figure } from '../result.js'
import { compare, figure } from '../stats.js'
import type { Suite } from '../suite.js'

const plans = {
  quick: { censusOf: [50_000], holdSeconds: 0.5, rounds: 2, sampled: 100_000, pairs: 2 },
  full: { censusOf: [200_000, 1_000_000], holdSeconds: 4, rounds: 3, sampled: 200_000, pairs: 15 }
}

/** Connections of a live sample; four are taken a second. */
const sampleSize = 1000

export const observation: Suite = {
  title: 'what census, live sample and sock_diag cost',
  async run({ mode, progress }) {
    const { censusOf, holdSeconds, rounds, sampled, pairs } = plans[mode]
    const figures: Figure[] = []
    const comparisons: Comparison[] = []
    for (const connections of censusOf) {
      const count = formatNumber(connections)
      const censuses: number[] = []
      const surveys: { perSecond: number; seconds: number }[] = []
      for (let round = 0; round < rounds; round++) {
        progress(`${count} connections, round ${round + 1} of ${rounds}`)
        const result = await watched(connections, ['--census', '--hold', `${holdSeconds}s`], async () => {
          const { states, seconds } = await surveySockets([])
          const sockets = Object.values(states).reduce((sum, sockets) => sum + sockets, 0)
          surveys.push({ perSecond: sockets / seconds, seconds })
        })
        censuses.push(result.census?.seconds ?? Number.NaN)
      }
      const goal = connections === 1_000_000 ? ({ bound: 'at most', value: 2 } as const) : undefined
      figures.push(
        figure(`census of ${count}`, 's', censuses, goal),
        figure(
          `sock_diag with TCP_INFO, both ends of ${count}`,
          '/s',
          surveys.map(({ perSecond }) => perSecond)
        )
      )
    }
    const count = formatNumber(sampled)
    const rate = ({ timing }: RunResult) => timing.connectsPerSecond
    const { a, b } = await alternate(
      pairs,
      () => witnessed(sampled, () => watched(sampled, ['--sample', `${sampleSize}`])),
      () => witnessed(sampled, () => watched(sampled, [])),
      (pair) => progress(`sampling ${count} connections, pair ${pair + 1} of ${pairs}`)
    )
    comparisons.push(
      compare(`rate of ${count} with a sample of ${sampleSize} / without`, a.map(rate), b.map(rate), {
        bound: 'at least',
        value: 0.97
      })
    )
    return { figures, comparisons, notes }
  }
}

const notes = [
  'A census reads every connection of the dialing side with getsockopt(TCP_INFO) and getsockname, in all threads at once; building the summary is not included.',
  'sock_diag is one walk on one thread, of every socket of the namespace.',
  'Both contenders of the sample print a snapshot every 250 ms, counters and findings included.'
]

/** `dial --ndjson`; calls `held` once all connections stand. */
async function watched(
  connections: number,
  options: readonly string[],
  held: () => Promise<void> = async () => {}
): Promise<RunResult> {
  const args = ['dial', '-c', String(connections), '--close', 'rst', '--ndjson', '-q', ...options]
  await using talker = new Talker(process.execPath, [commandLine, ...args])
  for (let told = false; ; ) {
    const line = await talker.hear<Snapshot | RunResult>()
    if ('schema' in line) return line
    if (told || line.phase !== 'holding' || line.established !== connections) continue
    told = true
    await held()
  }
}

import { describe, expect, it } from 'vitest'
import { summarize } from '../../../../lib/labs/verdict/summary.js'
import type { RunResult } from '../../../../lib/result/result.js'
import { exampleResult } from '../../../helpers/example_result.js'

/** A thousand connections at 500/s in `dialSeconds`, `prompt` of them established without a retry. */
function run(prompt: number, dialSeconds: number, changes: Partial<RunResult> = {}): RunResult {
  const example = exampleResult()
  return exampleResult({
    scenario: { ...example.scenario, rate: [{ atMs: 0, perSecond: 500 }] },
    connections: { ...example.connections, requested: 1000, established: 1000, failed: 0, closedByPeer: 0 },
    connectLatency: {
      ...example.connectLatency,
      withoutSynRetry: { ...example.connectLatency.withoutSynRetry, count: prompt }
    },
    timing: { ...example.timing, dialSeconds },
    ...changes
  })
}

describe('the rate of a step', () => {
  it.each([
    ['is that of its schedule', run(1000, 2), 500],
    ['does not decrease on a busy machine', run(1000, 2.4), 500],
    ['decreases on a slow network', run(1000, 2.75), 1000 / 2.25],
    ['decreases with repeated SYNs', run(700, 2), 350],
    [
      'counts all the time when the load was not paced',
      run(1000, 2.4, { scenario: exampleResult().scenario }),
      1000 / 2.4
    ],
    [
      'leaves out connections that the server ended',
      run(1000, 2, { connections: { ...run(0, 1).connections, closedByPeer: 400 } }),
      300
    ]
  ])('%s', (_, result, perSecond) => {
    expect(summarize([result]).promptPerSecond).toBeCloseTo(perSecond)
  })

  it('adds up runs at the same time', () => {
    expect(summarize([run(1000, 2), run(500, 2)])).toMatchObject({
      promptPerSecond: 750,
      connections: { requested: 2000, stood: 2000 }
    })
  })
})

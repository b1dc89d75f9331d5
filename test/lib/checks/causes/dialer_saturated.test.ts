import { describe, expect, it } from 'vitest'
import { dialerSaturated } from '../../../../lib/checks/causes/dialer_saturated.js'
import { command } from '../../../../lib/checks/remedy.js'
import { explaining, latency, linesOf, predicting, run } from '../fixtures.js'

const late = { unit: 'us', p50: 400_000, p99: 900_000, max: 1_000_000 } as const
const scenario = { rate: [{ atMs: 0, perSecond: 400_000 }] }
const timing = { dialSeconds: 4, connectsPerSecond: 250_000 }

describe('explain', () => {
  it('names busy CPUs', () => {
    const outcome = run({
      pacing: late,
      timing,
      process: { dialing: { cpuSeconds: 15.5, waitedSeconds: 1, otherSeconds: 1 } }
    })
    expect(dialerSaturated.explain?.(explaining({ run: outcome, scenario }))).toMatchObject({
      severity: 'warning',
      side: 'client',
      title:
        'this host could not keep the rate: starts were 900 ms late and its 4 dialing CPUs 97 % busy, at 250,000/s'
    })
  })

  it('offers the idle CPUs', () => {
    const outcome = run({
      pacing: late,
      timing,
      process: { dialing: { cpuSeconds: 3.9, waitedSeconds: null, otherSeconds: null }, workers: 1 }
    })
    expect(linesOf(dialerSaturated.explain?.(explaining({ run: outcome, scenario })))[0]).toContain(
      '--workers'
    )
  })

  it('names other processes that used the CPUs', () => {
    const dialing = { cpuSeconds: 3, waitedSeconds: 9, otherSeconds: 12.5 }
    const verdict = dialerSaturated.explain?.(
      explaining({ run: run({ pacing: late, timing, process: { dialing } }), scenario })
    )
    expect(verdict).toMatchObject({
      severity: 'warning',
      title:
        'this host could not keep the rate: other processes took the CPUs: the threads of this process waited 9 s for a CPU in 4 s of dialing with 4 workers'
    })
  })

  it('names no other process for an occasional stall', () => {
    const dialing = { cpuSeconds: 3, waitedSeconds: 9, otherSeconds: 12.5 }
    const outcome = run({ pacing: { ...late, p50: 2000 }, timing, process: { dialing } })
    expect(dialerSaturated.explain?.(explaining({ run: outcome, scenario }))).toBeNull()
  })

  it('names no other process when they left the CPUs free', () => {
    const dialing = { cpuSeconds: 3, waitedSeconds: 9, otherSeconds: 0.2 }
    const verdict = dialerSaturated.explain?.(
      explaining({ run: run({ pacing: late, timing, process: { dialing } }), scenario })
    )
    expect(verdict?.title).toMatch(/, while other processes used 0\.2 s$/)
    expect(linesOf(verdict)[0]).toContain('cpu.max')
  })

  it('ignores the CPU time of hold and close', () => {
    const outcome = run({ pacing: late, timing, process: { cpuSeconds: 40 } })
    expect(dialerSaturated.explain?.(explaining({ run: outcome, scenario }))).toBeNull()
  })

  it('names a window that is too small for the round trip', () => {
    const slow = latency({ mean: 52_000 })
    const outcome = run({
      pacing: late,
      timing: { dialSeconds: 10, connectsPerSecond: 19_500 },
      connectLatency: { ...slow, withoutSynRetry: slow }
    })
    expect(dialerSaturated.explain?.(explaining({ run: outcome, scenario }))).toMatchObject({
      title: '1,024 handshakes in flight at 52 ms each allow 19,692/s, less than the 400,000/s asked for',
      remedy: [command('c1m-native dial --window 41600 ...')]
    })
  })

  const slow = latency({ mean: 52_000 })
  it.each([
    [
      'a rate that was kept',
      {
        pacing: { ...late, p99: 800 },
        process: { dialing: { cpuSeconds: 40, waitedSeconds: 40, otherSeconds: 40 } }
      },
      scenario
    ],
    [
      'a run as fast as possible',
      { pacing: null, process: { dialing: { cpuSeconds: 40, waitedSeconds: 40, otherSeconds: 40 } } },
      { rate: [] }
    ],
    [
      'a window full of lost SYNs',
      {
        pacing: late,
        connectLatency: { ...slow, withoutSynRetry: slow },
        timing: { connectsPerSecond: 19_500 },
        retransmits: { syn: 500 }
      },
      scenario
    ],
    ['a lateness of unknown cause', { pacing: late }, scenario]
  ])('is silent with %s', (_, changes, wanted) => {
    expect(dialerSaturated.explain?.(explaining({ run: run(changes), scenario: wanted }))).toBeNull()
  })
})

it('dialer-saturated predicts a rate that no machine of this size reaches', () => {
  const needs = { ratePerSecond: 500_000 }
  expect(dialerSaturated.predict?.(predicting({ needs, peerIsHere: true }))).toMatchObject({
    severity: 'warning'
  })
  expect(dialerSaturated.predict?.(predicting({ needs }))).toBeNull()
  expect(
    dialerSaturated.predict?.(predicting({ needs: { ratePerSecond: null }, peerIsHere: true }))
  ).toBeNull()
})

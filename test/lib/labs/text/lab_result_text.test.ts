import { describe, expect, it } from 'vitest'
import { labReportText, labResultText } from '../../../../lib/labs/text/lab_result_text.js'
import { labResult } from '../fixtures.js'

const plain = (_: unknown, text: string) => text

describe('the text of a lab result', () => {
  it('shows set-up, curve, evidence, finding, remedy and its effect', () => {
    expect(labResultText(labResult(), plain)).toMatchInlineSnapshot(`
      "accept-queue: a server that pauses
        All is well.
        It pauses.
        A longer queue.

      connects/s
         500 │█████████████████████│▃▃▃▃▃                               │██████████████████████████
         180 │█████████████████████│█████                               │██████████████████████████
          60 │█████████████████████│█████                               │██████████████████████████
          20 │█████████████████████│█████                               │██████████████████████████
           8 │█████████████████████│█████                               │██████████████████████████
           3 │█████████████████████│█████                               │██████████████████████████
              healthy               pausing                              backlog 4096

                    on first SYN  of healthy  stood  delayed  failed  shed  ListenOverflows  named
      healthy              500/s       100 %  1,000        0       0     0                0  -
      pausing               13/s         3 %     65        3     935     0                7  accept-queue-overflow
      backlog 4096         500/s       100 %  1,000        0       0     0                0  -

      this is accept-queue-overflow (accept-queue-overflow, named by watch in server 0.75 s after the first sign)
        TcpExt.ListenOverflows 0 -> 7
        remedy: # do something
      dial in client alone saw only: syn-unanswered

      share of handshakes delayed: 12 %

      passed in 12.3 s
      "
    `)
  })

  it('says why a lab failed', () => {
    const text = labResultText(labResult({ ok: false, failures: ["'healthy' is broken"] }), plain)
    expect(text).toMatch(/failed in 12\.3 s:\n {2}'healthy' is broken\n$/)
  })

  it('fits a screen', () => {
    const lines = labResultText(labResult(), plain).split('\n')
    expect(lines.length).toBeLessThan(40)
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(120)
  })
})

it('several labs end with a line for each', () => {
  const report = {
    schema: 'c1m-native/lab-report@1' as const,
    version: '0.0.0',
    ok: false,
    labs: [labResult(), labResult({ name: 'million', ok: false, expected: null })],
    skipped: [{ name: 'conntrack-full', reasons: ['conntrack is not installed'] }],
    totalSeconds: 30
  }
  expect(labReportText(report, plain).split('\n').slice(-6)).toEqual([
    'accept-queue     passed  12.3 s  accept-queue-overflow',
    'million          FAILED  12.3 s  healthy run',
    'conntrack-full  skipped          conntrack is not installed',
    '',
    '1 of 2 labs passed in 30 s, 1 skipped',
    ''
  ])
})

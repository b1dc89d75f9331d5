import { describe, expect, it } from 'vitest'
import { cleanedText, labStory, reportText } from '../../../../lib/labs/story/story.js'
import { labResult } from '../fixtures.js'

const plain = (_: unknown, text: string) => text

describe('the story of a lab', () => {
  it('tells set-up, curve, evidence, finding, remedy and after', () => {
    expect(labStory(labResult(), plain)).toMatchInlineSnapshot(`
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
      dial in client could only say: syn-unanswered

      share of handshakes delayed: 12 %

      proven in 12.3 s
      "
    `)
  })

  it('says what was not proven', () => {
    const story = labStory(labResult({ ok: false, failures: ["'healthy' is ill"] }), plain)
    expect(story).toMatch(/not proven, in 12\.3 s:\n {2}'healthy' is ill\n$/)
  })

  it('fits a screen', () => {
    const lines = labStory(labResult(), plain).split('\n')
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
  expect(reportText(report, plain).split('\n').slice(-6)).toEqual([
    'accept-queue        proven  12.3 s  accept-queue-overflow',
    'million         NOT PROVEN  12.3 s  nothing to name',
    'conntrack-full     skipped          conntrack is not installed',
    '',
    '1 of 2 labs proven in 30 s, 1 skipped',
    ''
  ])
})

describe('what was cleaned', () => {
  it('is told', () => {
    const sysctls = { 'net.netfilter.nf_conntrack_max': '262144' }
    expect(
      cleanedText({ namespaces: ['c1mlab-1-2-0-server'], pids: [7], sysctls, gone: ['fs.nr_open'] })
    ).toBe(
      'removed namespace c1mlab-1-2-0-server\nended process 7\nput net.netfilter.nf_conntrack_max back to 262144\n' +
        'fs.nr_open is gone with its module: nothing to put back\n'
    )
  })

  it('may be nothing', () => {
    expect(cleanedText({ namespaces: [], pids: [], sysctls: {}, gone: [] })).toBe('nothing was left behind\n')
  })
})

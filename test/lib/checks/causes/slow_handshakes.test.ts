import { describe, expect, it } from 'vitest'
import { slowHandshakes } from '../../../../lib/checks/causes/slow_handshakes.js'
import { synLoss } from '../../../../lib/checks/causes/syn_loss.js'
import { lostSyns } from '../../../../lib/checks/symptoms.js'
import { explaining, latency, run } from '../fixtures.js'

interface Answers {
  /** Connections without a repeated SYN, which took 100 ms. */
  atOnce?: number
  firstSynAnswered?: number
  repeatedSynAnswered?: number
  /** Connections whose answers echo no timestamp. */
  untold?: number
  /** Latencies in seconds, and the number of connections with each; fast ones are added. */
  seconds: [number, number][]
}

/** The verdicts of syn-loss and slow-handshakes, and how many SYNs count as lost. */
function judged({ atOnce = 0, firstSynAnswered = 0, repeatedSynAnswered = 0, untold = 0, seconds }: Answers) {
  const retried = firstSynAnswered + repeatedSynAnswered + untold
  const all = retried + atOnce
  const undisturbed = latency({ count: atOnce, p50: atOnce > 0 ? 100_000 : 0 })
  const context = explaining({
    run: run({
      connections: { requested: all, attempted: all, established: all, peak: all },
      connectLatency: { ...latency({ count: all }), withoutSynRetry: undisturbed },
      retransmits: {
        syn: retried,
        connectionsWithSynRetry: retried,
        firstSynAnswered,
        repeatedSynAnswered
      }
    }),
    latencies: [
      ...(atOnce > 0 ? [{ us: 100_000, count: atOnce }] : []),
      ...seconds.map(([second, count]) => ({ us: second * 1e6, count }))
    ]
  })
  return {
    lost: synLoss.explain?.(context)?.events ?? 0,
    slow: slowHandshakes.explain?.(context)?.events ?? 0,
    lostSyns: lostSyns(context),
    title: (slowHandshakes.explain?.(context) ?? synLoss.explain?.(context))?.title
  }
}

// Measured between two namespaces whose cable delays frames, Linux 6.18.
describe('slow-handshakes', () => {
  it('is reported for a round trip of 1.3 s', () => {
    expect(judged({ firstSynAnswered: 200, seconds: [[1.3, 200]] })).toEqual({
      lost: 0,
      slow: 200,
      lostSyns: 0,
      title:
        'handshakes of 200 connections (100 %) took 1.3 s: the path or the server answers slowly; SYNs were sent again before the answer came, and none needs to be lost'
    })
  })

  it.each<[string, Answers, { lost: number; slow: number }]>([
    [
      'SYNs lost on top of a round trip of 1.3 s',
      {
        firstSynAnswered: 100,
        repeatedSynAnswered: 50,
        seconds: [
          [1.3, 100],
          [2.3, 50]
        ]
      },
      { lost: 50, slow: 100 }
    ],
    [
      'SYN-ACKs lost on top of a round trip of 1.3 s',
      {
        firstSynAnswered: 150,
        seconds: [
          [1.3, 100],
          [2.3, 50]
        ]
      },
      { lost: 50, slow: 100 }
    ],
    [
      'SYN-ACKs lost on a path that is fast, although they echo the first SYN',
      {
        atOnce: 150,
        firstSynAnswered: 40,
        repeatedSynAnswered: 10,
        seconds: [
          [1.12, 45],
          [2.14, 5]
        ]
      },
      { lost: 50, slow: 0 }
    ],
    [
      'the loss of every first SYN',
      { repeatedSynAnswered: 200, seconds: [[1.3, 200]] },
      { lost: 200, slow: 0 }
    ],
    [
      'answers that spread over seconds',
      {
        atOnce: 50,
        firstSynAnswered: 90,
        seconds: [
          [1.1, 20],
          [1.4, 30],
          [1.7, 20],
          [2.5, 20]
        ]
      },
      { lost: 0, slow: 90 }
    ],
    [
      'a few lost SYNs without timestamps',
      { atOnce: 90, untold: 10, seconds: [[1.12, 10]] },
      { lost: 10, slow: 0 }
    ],
    [
      'answers that spread over seconds, without timestamps',
      {
        atOnce: 60,
        untold: 40,
        seconds: [
          [1.5, 20],
          [1.7, 10],
          [2.6, 10]
        ]
      },
      { lost: 0, slow: 40 }
    ]
  ])('distinguishes %s', (_, answers, expected) => {
    expect(judged(answers)).toMatchObject(expected)
  })

  it('is left open, as is loss, when all answers are slow and without timestamps', () => {
    const { lost, slow, title } = judged({ untold: 200, seconds: [[1.3, 200]] })
    expect({ lost, slow }).toEqual({ lost: 200, slow: 0 })
    expect(title).toMatch(/SYNs were lost, or answered after more than a second/)
  })

  it('is silent in a healthy run', () => {
    expect(slowHandshakes.explain?.(explaining())).toBeNull()
  })
})

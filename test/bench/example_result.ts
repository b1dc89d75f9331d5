/** An invented result of a suite. */
import { type BenchResult, benchSchema } from '../../bench/result.js'
import { compare, figure } from '../../bench/stats.js'

/** @param faster factor for all rates */
export function exampleResult(faster = 1): BenchResult {
  const rates = (rate: number) => [0.98, 1, 1.02].map((share) => rate * share * faster)
  const suite = {
    skipped: null,
    failed: false,
    seconds: 1,
    noise: { loadAverage: 0, stealShare: 0 },
    comparisons: [],
    curves: [],
    notes: []
  }
  const points = [1, 2, 3].map((tenth) => ({
    x: tenth * 1e5,
    y: 2e5 / tenth,
    p25: 1.8e5 / tenth,
    p75: 2.2e5 / tenth
  }))
  return {
    schema: benchSchema,
    version: '0.1.0',
    date: '2026-11-22T01:02:03.000Z',
    mode: 'quick',
    host: {
      kernel: '6.18.44',
      cpus: 4,
      cpuModel: 'A & B <fast>',
      memoryBytes: 24 * 2 ** 30,
      node: '20.20.2',
      establishedHashBuckets: 262_144
    } as BenchResult['host'],
    suites: [
      {
        ...suite,
        id: 'connect-vs-bare',
        title: 'connects',
        figures: [
          figure('c1m-native, 200,000', '/s', rates(200_000)),
          figure('bare C, 200,000', '/s', rates(210_000)),
          figure('c1m-native, 200,000, opened and closed', 'us CPU/connection', [12, 13, 14])
        ],
        comparisons: [compare('c1m-native / bare C, 200,000, rate', rates(200_000), rates(210_000))],
        curves: [
          { name: 'c1m-native, 1,000,000', xUnit: 'connections held', yUnit: '/s', points },
          { name: 'bare C, 1,000,000', xUnit: 'connections held', yUnit: '/s', points }
        ]
      },
      {
        ...suite,
        id: 'churn',
        title: 'churn',
        figures: [figure('c1m-native, 1 byte each way', '/s', rates(100_000))]
      },
      { ...suite, id: 'memory', title: 'memory', skipped: 'no room', figures: [] }
    ]
  }
}

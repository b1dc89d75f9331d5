import { expect, it } from 'vitest'
import { goalsOf, missedGoals } from '../../bench/goals.js'
import { compare, figure } from '../../bench/stats.js'
import { goalsText } from '../../lib/cli/commands/bench.js'
import { plain } from '../../lib/report/paint.js'
import { exampleResult } from './example_result.js'

const [suite] = exampleResult().suites
if (!suite) throw new Error('an example without a suite')
const measured = {
  ...suite,
  figures: [
    figure('c1m-native dial', 'ms', [170, 171, 172], { bound: 'at most', value: 150 }),
    figure('bare C', 'ms', [1, 1, 1])
  ],
  comparisons: [compare('ours / theirs', [10, 11, 12], [5, 5, 5], { bound: 'at least', value: 1 })]
}
const text = (missed: readonly string[], goals: number) =>
  goalsText({ result: {}, failed: false, missed, goals }, plain, 60)

it('names the goals that are missed, with what was measured', () => {
  expect(goalsOf(measured)).toHaveLength(2)
  expect(missedGoals([measured])).toEqual([
    'connect-vs-bare: c1m-native dial: 171 ms, the goal is at most 150'
  ])
})

it('tells a person which goals this host misses', () => {
  expect(text(missedGoals([measured]), 2)).toBe(
    `
Goals missed on this host, 1 of 2:
  connect-vs-bare: c1m-native dial: 171 ms, the goal is at
    most 150
`
  )
  expect(text([], 2)).toBe('\nGoals missed on this host: none of 2.\n')
  expect(text([], 0)).toBe('')
})

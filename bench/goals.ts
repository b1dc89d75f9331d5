/** Which of our goals a host misses. Pure. */
import { number } from './report_text.js'
import type { Goal, SuiteResult } from './result.js'

interface HeldGoal {
  /** What was measured, with its unit. */
  readonly name: string
  readonly median: string
  readonly goal: Goal
}

/** All that a suite holds against a goal. */
export function goalsOf({ figures, comparisons }: Pick<SuiteResult, 'figures' | 'comparisons'>): HeldGoal[] {
  return [
    ...figures.map(({ name, median, unit, goal }) => ({ name, median: `${number(median)} ${unit}`, goal })),
    ...comparisons.map(({ name, median, goal }) => ({ name, median: `${number(median)} x`, goal }))
  ].flatMap(({ goal, ...held }) => (goal ? [{ ...held, goal }] : []))
}

/** Those that are surely missed, a sentence each. */
export function missedGoals(suites: readonly SuiteResult[]): string[] {
  return suites.flatMap((suite) =>
    goalsOf(suite)
      .filter(({ goal }) => goal.verdict === 'missed')
      .map(
        ({ name, median, goal }) =>
          `${suite.id}: ${name}: ${median}, the goal is ${goal.bound} ${number(goal.value)}`
      )
  )
}

import { describe, expect, it } from 'vitest'
import { compareResults } from '../../bench/compare_results.js'
import { comparisonReport } from '../../bench/comparison_text.js'
import { exampleResult } from './example_result.js'

const row = (name: string, comparison = compareResults(exampleResult(), exampleResult(2))) =>
  comparison.rows.find((row) => row.name === name)

describe('compareResults', () => {
  it('gives the ratio of the medians, second result over first, with its interval', () => {
    const { first, second, ratio, ci95 } = row('c1m-native, 200,000') ?? {}
    expect({ first, second, ratio }).toEqual({ first: 200_000, second: 400_000, ratio: 2 })
    expect(ci95?.[0]).toBeGreaterThan(1.9)
    expect(ci95?.[0]).toBeLessThan(2)
    expect(ci95?.[1]).toBeGreaterThan(2)
  })

  it('keeps the unit of values that are ratios', () => {
    expect(row('c1m-native / bare C, 200,000, rate')).toMatchObject({ unit: 'ratio', ratio: 1 })
  })

  it('leaves out benchmarks that only one result has', () => {
    const second = exampleResult()
    second.suites = second.suites.filter(({ id }) => id !== 'churn')
    const names = compareResults(exampleResult(), second).rows.map(({ suite }) => suite)
    expect(new Set(names)).toEqual(new Set(['connect-vs-bare']))
  })

  it('names the differences between the hosts', () => {
    const second = { ...exampleResult(), mode: 'full' as const }
    second.host = { ...second.host, kernel: '7.0.0' }
    expect(compareResults(exampleResult(), second).warnings).toEqual([
      'one is quick, the other full',
      'another kernel: 6.18.44, then 7.0.0'
    ])
  })
})

describe('comparisonReport', () => {
  it('marks only differences that exceed the spread', () => {
    const lines = comparisonReport(compareResults(exampleResult(), exampleResult(2))).split('\n')
    expect(lines.filter((line) => line.startsWith('  ') && line.endsWith('*'))).toHaveLength(3)
    expect(lines.find((line) => line.includes('opened and closed'))).not.toContain('*')
  })

  it('prints both hosts', () => {
    const report = comparisonReport(compareResults(exampleResult(), exampleResult()))
    expect(report).toMatch(/^1 {2}2026-11-22T01:02Z, c1m-native 0\.1\.0, quick, on Linux 6\.18\.44, 4 CPUs/)
    expect(report).toContain('\n2  2026-11-22T01:02Z')
  })

  it('says when the results have no benchmark in common', () => {
    const comparison = compareResults({ ...exampleResult(), suites: [] }, exampleResult())
    expect(comparisonReport(comparison)).toContain('no figure in common')
  })
})

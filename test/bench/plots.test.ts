import { describe, expect, it } from 'vitest'
import { ticks } from '../../bench/plot/lines.js'
import { short } from '../../bench/plot/svg.js'
import { plots } from '../../bench/plots.js'
import { exampleResult } from './example_result.js'

const drawn = plots(exampleResult())

/** The texts of a plot, in order. */
const texts = (svg = '') => [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, text]) => text)

describe('plots', () => {
  it('draws a picture for each question that was measured', () => {
    expect(Object.keys(drawn)).toEqual(['connect', 'churn', 'rate-vs-held'])
    expect(plots({ ...exampleResult(), suites: [] })).toEqual({})
  })

  it('draws a bar with its value for each contender', () => {
    expect(texts(drawn.connect).slice(0, 6)).toEqual([
      'Connections opened per second',
      '200,000 connections, both ends in one process',
      'c1m-native',
      '200k',
      'bare C',
      '210k'
    ])
  })

  it.each(Object.entries(drawn))('%s is well-formed and names host, kernel and date', (_, svg) => {
    const open: string[] = []
    for (const [, closing, name, self] of svg.matchAll(/<(\/?)(\w+)[^>]*?(\/?)>/g)) {
      if (closing) expect(open.pop()).toBe(name)
      else if (!self && name) open.push(name)
    }
    expect(open).toEqual([])
    expect(svg).not.toContain('NaN')
    expect(texts(svg)).toContain('Linux 6.18.44, 4 CPUs (A &amp; B &lt;fast>), 24 GiB, Node 20.20.2')
    expect(svg).toContain('2026-11-22')
  })
})

describe('ticks', () => {
  it.each([
    [1_000_000, [0, 200_000, 400_000, 600_000, 800_000, 1_000_000]],
    [237_000, [0, 50_000, 100_000, 150_000, 200_000, 250_000]],
    [9, [0, 2, 4, 6, 8, 10]]
  ])('reach %d in round steps', (most, expected) => {
    expect(ticks(most)).toEqual(expected)
  })
})

it.each([
  [999, '999'],
  [25_230, '25.2k'],
  [1_000_000, '1M']
])('the short form of %d is %s', (value, text) => {
  expect(short(value)).toBe(text)
})

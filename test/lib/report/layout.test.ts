import { describe, expect, it } from 'vitest'
import { capped, known, listed, paragraph, plural, sectionLines, span } from '../../../lib/report/layout.js'
import { type Paint, plain } from '../../../lib/report/paint.js'

const marked: Paint = (style, text) => `<${style}>${text}</${style}>`

describe('sections', () => {
  it('are printed next to their labels, which are as wide as the longest one, shown or not', () => {
    const sections = [['memory', ['1', '2']] as const, ['unavailable', []] as const]
    expect(sectionLines(sections, plain)).toEqual(['memory       1', '             2'])
  })

  it('fold lines that are too long after a comma or a semicolon, and hand tables the room there is', () => {
    const sections = [
      ['process', ['12ms CPU (12us per connection), 4 workers, 4 descriptor tables']] as const,
      ['connect', (room: number) => [`${room}`]] as const
    ]
    expect(sectionLines(sections, plain, 50)).toEqual([
      'process  12ms CPU (12us per connection),',
      '           4 workers, 4 descriptor tables',
      'connect  41'
    ])
  })

  it('may have their labels in another style', () => {
    expect(sectionLines([['queues', ['full']]], marked)).toEqual(['<dim>queues  </dim>full'])
  })
})

describe('a list', () => {
  const lines = (items: readonly number[]) => items.map(String)

  it('that is too long counts the rest, unless showing it takes as many lines', () => {
    expect(capped([1, 2, 3], 2, lines)).toEqual(['1', '2', '3'])
    expect(capped([1, 2, 3, 4], 2, lines)).toEqual(['1', '2', 'and 2 more'])
  })

  it('on one line shows the first items and counts the rest', () => {
    expect(listed(['a', 'b'], 2)).toBe('a, b')
    expect(listed(['a', 'b', 'c'], 2)).toBe('a, b and 1 more')
  })

  it('with a title is a paragraph whose lines are wrapped, or nothing', () => {
    expect(paragraph('not known:', ['whether the NAT is full'], 16)).toEqual([
      '',
      'not known:',
      '  whether the',
      '    NAT is full'
    ])
    expect(paragraph('not known:', ['the NAT'])).toEqual(['', 'not known:', '  the NAT'])
    expect(paragraph('not known:', [])).toEqual([])
  })
})

it('numbers have their noun, and what is not known says so', () => {
  expect(plural(1, 'port')).toBe('1 port')
  expect(plural(1000, 'address', 'es')).toBe('1,000 addresses')
  expect([known(1000), known('unlimited'), known(null)]).toEqual(['1,000', 'unlimited', 'unknown'])
})

it('figures that differ are told by the least and the most', () => {
  expect([span([7, 7]), span([17, 3, 5000])]).toEqual(['7', '3 to 5,000'])
})

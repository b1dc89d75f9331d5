import { describe, expect, it } from 'vitest'
import {
  beside,
  capped,
  columns,
  cut,
  figureTable,
  known,
  listed,
  type Paint,
  paragraph,
  plain,
  plural,
  sectionLines,
  wrapped
} from '../../../lib/report/layout.js'

const marked: Paint = (style, text) => `<${style}>${text}</${style}>`

describe('sections', () => {
  it('are printed next to their labels, which are as wide as the longest one, shown or not', () => {
    const sections = [['memory', ['1', '2']] as const, ['unavailable', []] as const]
    expect(sectionLines(sections, plain)).toEqual(['memory       1', '             2'])
  })

  it('may have their labels in another style', () => {
    expect(sectionLines([['queues', ['full']]], marked)).toEqual(['<dim>queues  </dim>full'])
  })
})

describe('columns', () => {
  it('are as wide as their widest cell, without trailing blanks', () => {
    expect(
      columns([
        ['a', 'bb', ''],
        ['ccc', 'd', 'e']
      ])
    ).toEqual(['a    bb', 'ccc  d   e'])
  })

  it('may align right, with a chosen gap', () => {
    expect(
      columns(
        [
          ['1', 'a'],
          ['100', 'b']
        ],
        { right: [0], gap: 4 }
      )
    ).toEqual(['  1    a', '100    b'])
  })

  it('of numbers align right between the first and the last column', () => {
    expect(
      figureTable([
        ['', 'stood', 'named'],
        ['healthy', '1,000', '-']
      ])
    ).toEqual(['         stood  named', 'healthy  1,000  -'])
  })

  it('without rows are no lines', () => {
    expect(columns([])).toEqual([])
    expect(figureTable([])).toEqual([])
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

  it('with a title is a paragraph, or nothing when empty', () => {
    expect(paragraph('not known:', ['the NAT'])).toEqual(['', 'not known:', '  the NAT'])
    expect(paragraph('not known:', [])).toEqual([])
  })
})

describe('text', () => {
  it('is wrapped between words, and a long word gets its own line', () => {
    expect(wrapped('a bb ccc incomprehensible d', 6)).toEqual(['a bb', 'ccc', 'incomprehensible', 'd'])
  })

  it('is printed next to its subject, or below when it is too long', () => {
    expect(beside('  -h', 'this help', 8, 13)).toEqual(['  -h    this', '        help'])
    expect(beside('  --help', 'this help', 8, 80)).toEqual(['  --help', '        this help'])
  })

  it('is cut to a width that ignores color codes', () => {
    expect(cut('\u001b[1mbold\u001b[22m', 4)).toBe('\u001b[1mbold\u001b[22m')
    expect(cut('\u001b[1mbold\u001b[22m', 3)).toBe('bol')
  })
})

it('numbers have their noun, and unknown ones say so', () => {
  expect(plural(1, 'port')).toBe('1 port')
  expect(plural(1000, 'address', 'es')).toBe('1,000 addresses')
  expect([known(1000), known('unlimited'), known(null)]).toEqual(['1,000', 'unlimited', 'unknown'])
})

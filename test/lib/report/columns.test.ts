import { describe, expect, it } from 'vitest'
import { columns, figureTable } from '../../../lib/report/columns.js'

describe('columns', () => {
  it('are as wide as their widest cell, and end in no blank', () => {
    expect(
      columns([
        ['a', 'bb', ''],
        ['ccc', 'd', 'e']
      ])
    ).toEqual(['a    bb', 'ccc  d   e'])
  })

  it('align at the right, and stand apart, as told', () => {
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

  it('of figures align at the right between the first and the last', () => {
    expect(
      figureTable([
        ['', 'stood', 'named'],
        ['healthy', '1,000', '-']
      ])
    ).toEqual(['         stood  named', 'healthy  1,000  -'])
  })

  it('of no rows are no lines', () => {
    expect(columns([])).toEqual([])
    expect(figureTable([])).toEqual([])
  })

  it('that have no room go below their row, where they align as well', () => {
    const rows = [
      ['', 'stood', 'failed', 'named'],
      ['healthy', '1,000', '0', '-'],
      ['pausing', '65', '935', 'accept-queue-overflow']
    ]
    expect(figureTable(rows, { width: 24 })).toEqual([
      '         stood  failed',
      '    named',
      'healthy  1,000       0',
      '    -',
      'pausing     65     935',
      '    accept-queue-overflow'
    ])
    expect(figureTable(rows, { width: 16 })).toEqual([
      '         stood',
      '    failed',
      '        named',
      'healthy  1,000',
      '         0',
      '        -',
      'pausing     65',
      '       935',
      '        accept-queue-overflow'
    ])
  })

  it('wrap a last column of text where it has room', () => {
    const rows = [
      ['syn-loss', 'passed', 'nothing to say'],
      ['nat-paws', 'FAILED', 'it named time-wait-paws as well as syn-loss']
    ]
    expect(columns(rows, { width: 44, prose: true })).toEqual([
      'syn-loss  passed  nothing to say',
      'nat-paws  FAILED  it named time-wait-paws as',
      '                  well as syn-loss'
    ])
    expect(columns(rows, { width: 30, prose: true })).toEqual([
      'syn-loss  passed',
      '    nothing to say',
      'nat-paws  FAILED',
      '    it named time-wait-paws as',
      '      well as syn-loss'
    ])
  })

  it('of which the first is too wide wrap it between words', () => {
    expect(columns([['c1m-native beside bare C', '1.02 x']], { width: 16 })).toEqual([
      'c1m-native',
      '  beside bare C',
      '    1.02 x'
    ])
  })
})

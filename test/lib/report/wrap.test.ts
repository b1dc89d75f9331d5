import { describe, expect, it } from 'vitest'
import type { Paint } from '../../../lib/report/paint.js'
import { beside, folded, joined, wrapped, wrappedStyles } from '../../../lib/report/wrap.js'

const marked: Paint = (style, text) => `<${style}>${text}</${style}>`

describe('text', () => {
  it('is wrapped between words, of which a long one has a line of its own', () => {
    expect(wrapped('a bb ccc incomprehensible d', 6)).toEqual(['a bb', 'ccc', 'incomprehensible', 'd'])
  })

  it('stands beside what it explains, or below where that is too long', () => {
    expect(beside('  -h', 'this help', 8, 13)).toEqual(['  -h    this', '        help'])
    expect(beside('  --help', 'this help', 8, 80)).toEqual(['  --help', '        this help'])
  })

  it('continues further to the right, and has that much less room there', () => {
    expect(wrapped('aa bb cc dd', 5, 2)).toEqual(['aa bb', '  cc', '  dd'])
  })

  it('takes no room for its colour', () => {
    expect(wrapped('\u001b[1mbold\u001b[22m text', 9)).toEqual(['\u001b[1mbold\u001b[22m text'])
  })

  it('of figures is broken after a comma or a semicolon, and between words only where a figure is too long', () => {
    expect(folded('10 sent, 20 received; 3 lost', 22)).toEqual(['10 sent, 20 received;', '  3 lost'])
    expect(folded('10 sent, twenty of them received', 14)).toEqual([
      '10 sent,',
      '  twenty of',
      '  them',
      '  received'
    ])
    expect(folded('10 sent, 20 received', 20)).toEqual(['10 sent, 20 received'])
  })

  it('of several pieces keeps each whole', () => {
    expect(joined(['--rate 500', '--ports 20'], 12)).toEqual(['--rate 500', '--ports 20'])
  })

  it('of several styles keeps each where a line ends', () => {
    const parts = [
      ['red', 'the queue is full'],
      [null, ' '],
      ['dim', '(server, queue)']
    ] as const
    expect(wrappedStyles(parts, 100, 4, marked)).toEqual([
      '<red>the queue is full</red> <dim>(server, queue)</dim>'
    ])
    expect(wrappedStyles(parts, 13, 2, marked)).toEqual([
      '<red>the queue is</red>',
      '  <red>full</red>',
      '  <dim>(server,</dim>',
      '  <dim>queue)</dim>'
    ])
  })
})

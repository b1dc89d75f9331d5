import { describe, expect, it } from 'vitest'
import { hasColor, isLive, painter, widthOf } from '../../lib/cli/terminal.js'

const terminal = { isTTY: true, write: () => true }
const pipe = { isTTY: false, write: () => true }

describe('hasColor', () => {
  it.each([
    ['on for a terminal', terminal, undefined, {}, true],
    ['off for a pipe', pipe, undefined, {}, false],
    ['off with NO_COLOR=1', terminal, undefined, { NO_COLOR: '1' }, false],
    ['off with any other NO_COLOR', terminal, undefined, { NO_COLOR: 'false' }, false],
    ['on with an empty NO_COLOR', terminal, undefined, { NO_COLOR: '' }, true],
    ['off with TERM=dumb', terminal, undefined, { TERM: 'dumb' }, false],
    ['off with --no-color', terminal, false, {}, false],
    ['on for a pipe with --color', pipe, true, {}, true],
    ['on with both --color and NO_COLOR', terminal, true, { NO_COLOR: '1' }, true]
  ])('is %s', (_, stream, wanted, env, expected) => {
    expect(hasColor(stream, wanted, env)).toBe(expected)
  })
})

describe('isLive', () => {
  it.each([
    ['true for a terminal', terminal, {}, true],
    ['false for a pipe', pipe, {}, false],
    ['false with TERM=dumb', terminal, { TERM: 'dumb' }, false],
    ['true with NO_COLOR, which only turns off color', terminal, { NO_COLOR: '1' }, true]
  ])('is %s', (_, stream, env, expected) => {
    expect(isLive(stream, env)).toBe(expected)
  })
})

describe('widthOf', () => {
  it.each([
    ['a wide terminal', { ...terminal, columns: 200 }, 200],
    ['a narrow terminal', { ...terminal, columns: 60 }, 60],
    ['a window too small for a report', { ...terminal, columns: 10 }, 40],
    ['a terminal that does not know', { ...terminal, columns: 0 }, 80],
    ['a pipe', pipe, 80]
  ])('%s', (_, stream, columns) => {
    expect(widthOf(stream)).toBe(columns)
  })
})

describe('painter', () => {
  it('styles text, or leaves it unchanged', () => {
    expect(painter(true)('bold', 'x')).toBe('\u001b[1mx\u001b[22m')
    expect(painter(false)('bold', 'x')).toBe('x')
  })
})

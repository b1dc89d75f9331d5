import { describe, expect, it } from 'vitest'
import { hasColor, isLive, painter, widthOf } from '../../lib/cli/terminal.js'

const terminal = { isTTY: true, write: () => true }
const pipe = { isTTY: false, write: () => true }

describe('hasColor', () => {
  it.each([
    ['a terminal', terminal, undefined, {}, true],
    ['a pipe', pipe, undefined, {}, false],
    ['NO_COLOR=1', terminal, undefined, { NO_COLOR: '1' }, false],
    ['any NO_COLOR', terminal, undefined, { NO_COLOR: 'false' }, false],
    ['an empty NO_COLOR', terminal, undefined, { NO_COLOR: '' }, true],
    ['TERM=dumb', terminal, undefined, { TERM: 'dumb' }, false],
    ['--no-color', terminal, false, {}, false],
    ['--color to a pipe', pipe, true, {}, true],
    ['--color before NO_COLOR', terminal, true, { NO_COLOR: '1' }, true]
  ])('%s', (_, stream, wanted, env, expected) => {
    expect(hasColor(stream, wanted, env)).toBe(expected)
  })
})

describe('isLive', () => {
  it.each([
    ['a terminal', terminal, {}, true],
    ['a pipe', pipe, {}, false],
    ['TERM=dumb', terminal, { TERM: 'dumb' }, false],
    ['NO_COLOR is about colour only', terminal, { NO_COLOR: '1' }, true]
  ])('%s', (_, stream, env, expected) => {
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
  it('styles, or leaves the text alone', () => {
    expect(painter(true)('bold', 'x')).toBe('\u001b[1mx\u001b[22m')
    expect(painter(false)('bold', 'x')).toBe('x')
  })
})

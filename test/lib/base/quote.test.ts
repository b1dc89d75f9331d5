import { describe, expect, it } from 'vitest'
import { escapeControls, printable, quote } from '../../../lib/base/quote.js'

describe('quote', () => {
  it('leaves harmless text unchanged', () => {
    expect(quote("a 'b' \\ ü 漢字 🙂")).toBe("'a 'b' \\ ü 漢字 🙂'")
  })

  it.each([
    ['\n\r\t\0', '\\n\\r\\t\\x00'],
    ['\u001b[31m\u007f\u009b', '\\x1b[31m\\x7f\\x9b'],
    ['\u2028\u2029', '\\u2028\\u2029'],
    ['\u202ecba\u2066\u200b\ufeff', '\\u202ecba\\u2066\\u200b\\ufeff'],
    ['\ud800', '\\ud800'],
    ['\u{e0041}', '\\u{e0041}']
  ])('escapes %j', (text, escaped) => {
    expect(quote(text)).toBe(`'${escaped}'`)
    expect(escapeControls(text)).toBe(escaped)
  })

  it('shows the beginning of a long text, and its length', () => {
    expect(quote('x'.repeat(200))).toBe(`'${'x'.repeat(200)}'`)
    expect(quote('x'.repeat(20_480))).toBe(`'${'x'.repeat(100)}...' (20480 characters)`)
    expect(printable('x'.repeat(20_480))).toBe(`${'x'.repeat(100)}... (20480 characters)`)
  })

  it('stays short even when many characters are escaped', () => {
    expect(quote('\u202e'.repeat(100_000)).length).toBeLessThan(700)
  })
})

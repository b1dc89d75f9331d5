import { describe, expect, it } from 'vitest'
import { cut } from '../../../lib/report/paint.js'

describe('text', () => {
  it('is cut to a width, for which colour counts nothing', () => {
    expect(cut('\u001b[1mbold\u001b[22m', 4)).toBe('\u001b[1mbold\u001b[22m')
    expect(cut('\u001b[1mbold\u001b[22m', 3)).toBe('bol')
  })

  it('is cut after a word, and without the comma that led on', () => {
    expect(cut('dialing 412k of 1m, 238k/s', 22)).toBe('dialing 412k of 1m')
    expect(cut('dialing 412k', 9)).toBe('dialing')
  })
})

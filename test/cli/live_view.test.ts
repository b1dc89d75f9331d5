import { describe, expect, it } from 'vitest'
import { LiveView } from '../../lib/cli/live_view.js'

function shown(size: { columns?: number; rows?: number }) {
  const written: string[] = []
  const view = new LiveView({ ...size, write: (text: string) => written.push(text) })
  return { view, written }
}

describe('a page on a terminal', () => {
  it('takes the place of the one before', () => {
    const { view, written } = shown({ columns: 80, rows: 24 })
    view.show(['a', 'b'])
    view.show(['c'])
    view.clear()
    view.clear()
    expect(written).toEqual(['a\nb\n', '\u001b[2A\r\u001b[0Jc\n', '\u001b[1A\r\u001b[0J'])
  })

  it('says how many lines have no room', () => {
    const { view, written } = shown({ columns: 80, rows: 4 })
    view.show(['a', 'b', 'c'])
    expect(written.at(-1)).toBe('a\nb\nc\n')
    view.show(['a', 'b', 'c', 'd', 'e'])
    expect(written.at(-1)).toMatch(/a\nb\n\(3 more lines, for which there is no room\)\n$/)
  })

  it('is made for a terminal of 80 columns where it does not know its size', () => {
    expect(shown({ columns: 0 }).view.width).toBe(79)
  })
})

import { describe, expect, it } from 'vitest'
import type { About } from '../../../lib/checks/context.js'
import { checks, findingIds } from '../../../lib/checks/index.js'

const parts = ['summary', 'evidence', 'remedy', 'mistakenFor'] as const satisfies (keyof About)[]

/** Words and hyphens in backticks: neither an option nor a command with arguments. */
const inBackticks = /`([a-z]+(?:-[a-z]+)+)`/g

describe.each(checks)('what docs/findings.md says of $id', ({ id, about }) => {
  it.each(parts)('is written in plain sentences: %s', (part) => {
    expect(about[part]).toMatch(/^\S.*\S\.$/s)
    expect(about[part]).not.toMatch(/ {2}|\b(?:stands|heals)\b/i)
  })

  it.each(parts)('mentions other findings in backticks, which become links: %s', (part) => {
    const words: string[] = about[part].replaceAll(/`[^`]*`/g, '').match(/[a-z]+(?:-[a-z]+)+/g) ?? []
    expect(findingIds.filter((one) => words.includes(one))).toEqual([])
  })

  it('names existing findings that it may be mistaken for, and not itself', () => {
    const mentioned = [...about.mistakenFor.matchAll(inBackticks)].map(([, one]) => one)
    expect(findingIds).toEqual(expect.arrayContaining(mentioned))
    expect(mentioned).not.toContain(id)
  })
})

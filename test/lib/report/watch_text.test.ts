import { expect, it } from 'vitest'
import { sectionLines } from '../../../lib/report/layout.js'
import { plain } from '../../../lib/report/paint.js'
import { viewSections } from '../../../lib/report/watch_text.js'
import type { ConntrackFill } from '../../../lib/watch/watch_result.js'

const idle: ConntrackFill = {
  entries: 100,
  max: 262_144,
  buckets: 262_144,
  dropped: 0,
  refused: 0,
  clashed: 0
}

function conntrackRow(changes: Partial<ConntrackFill>): string | undefined {
  const view = { sockets: null, drops: null, unavailable: [], findings: [] }
  const sections = viewSections({ ...view, conntrack: { ...idle, ...changes } })
  const lines = sectionLines(sections, plain)
  return lines.find((line) => line.startsWith('conntrack'))?.replace(/^conntrack +/, '')
}

it('viewSections calls the conntrack table full only when it is', () => {
  const size = '100 of 262,144 entries, 262,144 buckets'
  expect(conntrackRow({ clashed: 800 })).toBe(
    `${size}, 800 packets dropped, a NAT found no free port or gave one away twice`
  )
  expect(conntrackRow({ dropped: 3 })).toBe(`${size}, 3 packets dropped`)
  expect(conntrackRow({ entries: 262_144, dropped: 3 })).toContain('3 packets dropped, the table was full')
  expect(conntrackRow({ refused: 3 })).toContain('3 packets dropped, the hash chains were too long')
  expect(conntrackRow({})).toBe(size)
})

it('viewSections has no row for an unused table', () => {
  expect(conntrackRow({ entries: 0 })).toBeUndefined()
})

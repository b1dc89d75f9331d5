import { describe, expect, it } from 'vitest'
import { keepNamed } from '../../../lib/checks/named_causes.js'
import type { Finding, Severity } from '../../../lib/result/finding.js'

const finding = (id: string, severity: Severity, title = ''): Finding => ({
  id,
  severity,
  side: 'server',
  title,
  evidence: [],
  remedy: []
})

describe('what a watch has named', () => {
  it('stays when it is over, and is told by the latest look that finds it as grave', () => {
    const [first, then] = [finding('a', 'warning', '5 drops'), finding('a', 'warning', '9 drops')]
    expect(keepNamed([first], [])).toEqual([first])
    expect(keepNamed([first], [then])).toEqual([then])
    expect(keepNamed([first], [finding('b', 'critical')])).toEqual([first, finding('b', 'critical')])
  })

  it('is not made less grave by a later look', () => {
    expect(keepNamed([finding('a', 'critical')], [finding('a', 'info')])).toEqual([finding('a', 'critical')])
    expect(keepNamed([finding('a', 'info')], [finding('a', 'warning')])).toEqual([finding('a', 'warning')])
  })

  it('stays no longer than it holds where it is a note', () => {
    expect(keepNamed([finding('a', 'info')], [])).toEqual([])
  })
})

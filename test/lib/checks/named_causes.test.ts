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

describe('a cause that a watch has named', () => {
  it('stays when it is over, with the title of the latest snapshot of the same severity', () => {
    const [first, then] = [finding('a', 'warning', '5 drops'), finding('a', 'warning', '9 drops')]
    expect(keepNamed([first], [])).toEqual([first])
    expect(keepNamed([first], [then])).toEqual([then])
    expect(keepNamed([first], [finding('b', 'critical')])).toEqual([first, finding('b', 'critical')])
  })

  it('keeps its severity when a later snapshot finds it less severe', () => {
    expect(keepNamed([finding('a', 'critical')], [finding('a', 'info')])).toEqual([finding('a', 'critical')])
    expect(keepNamed([finding('a', 'info')], [finding('a', 'warning')])).toEqual([finding('a', 'warning')])
  })

  it('is dropped when it is over, if it was only info', () => {
    expect(keepNamed([finding('a', 'info')], [])).toEqual([])
  })
})

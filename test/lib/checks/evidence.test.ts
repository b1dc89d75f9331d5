import { expect, it } from 'vitest'
import { counterEvidence, gaugePeak, moved } from '../../../lib/checks/evidence.js'
import { explaining, rose } from './fixtures.js'

const context = explaining({ deltas: rose({ 'TcpExt.ListenOverflows': 7 }) })

it('tells how far a counter moved, and that it did', () => {
  expect(moved(context, 'TcpExt.ListenOverflows')).toBe(7)
  expect(counterEvidence(context, 'TcpExt.ListenDrops', 'TcpExt.ListenOverflows')).toEqual([
    { name: 'TcpExt.ListenOverflows', before: 100, after: 107 }
  ])
})

it('does not compile with a counter that is misspelt', () => {
  // @ts-expect-error: ListenOverflow
  expect(moved(context, 'TcpExt.ListenOverflow')).toBe(0)
  // @ts-expect-error: TCPExt
  expect(counterEvidence(context, 'TCPExt.ListenOverflows')).toEqual([])
  // @ts-expect-error: Sockstat.TCP.orphans
  expect(gaugePeak(context, 'Sockstat.TCP.orphans')).toBeNull()
})

import { expect, it } from 'vitest'
import { counterEvidence, gaugePeak, moved } from '../../../lib/checks/evidence.js'
import { explaining, rose } from './fixtures.js'

const context = explaining({ deltas: rose({ 'TcpExt.ListenOverflows': 7 }) })

it('evidence shows how far a counter moved', () => {
  expect(moved(context, 'TcpExt.ListenOverflows')).toBe(7)
  expect(counterEvidence(context, 'TcpExt.ListenDrops', 'TcpExt.ListenOverflows')).toEqual([
    { name: 'TcpExt.ListenOverflows', before: 100, after: 107 }
  ])
})

it('evidence does not compile with a misspelled counter', () => {
  // @ts-expect-error: ListenOverflow
  expect(moved(context, 'TcpExt.ListenOverflow')).toBe(0)
  // @ts-expect-error: TCPExt
  expect(counterEvidence(context, 'TCPExt.ListenOverflows')).toEqual([])
  // @ts-expect-error: Sockstat.TCP.orphans
  expect(gaugePeak(context, 'Sockstat.TCP.orphans')).toBeNull()
})

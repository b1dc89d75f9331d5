import { expect, it } from 'vitest'
import { conntrackDrops } from '../../../lib/host/conntrack_drops.js'
import { rose } from '../checks/fixtures.js'

it('conntrackDrops distinguishes a full table, long chains and taken tuples', () => {
  expect(conntrackDrops(rose({ 'Conntrack.drop': 5 }))).toEqual({ table: 5, chains: 0, clashes: 0 })
  expect(conntrackDrops(rose({ 'Conntrack.insert_failed': 7, 'Conntrack.chaintoolong': 7 }))).toEqual({
    table: 0,
    chains: 7,
    clashes: 0
  })
  const all = { 'Conntrack.drop': 8, 'Conntrack.insert_failed': 10, 'Conntrack.chaintoolong': 7 }
  expect(conntrackDrops(rose(all))).toEqual({ table: 5, chains: 7, clashes: 3 })
})

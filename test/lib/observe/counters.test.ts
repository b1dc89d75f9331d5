import { existsSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { neighbourCounters, readCounters } from '../../../lib/observe/counters.js'

describe('neighbourCounters', () => {
  it.skipIf(!existsSync('/proc/net/stat/arp_cache'))(
    'equal those in the file of the initial namespace',
    () => {
      const files = readCounters()
      const asked = neighbourCounters()
      // Other processes may look up the same neighbors in between.
      expect(asked['Neigh4.table_fulls']).toBeGreaterThanOrEqual(files['Neigh4.table_fulls'] ?? 0)
      expect(asked['Neigh4.gc_thresh3']).toBeGreaterThan(0)
      expect(asked).toHaveProperty(['Neigh6.table_fulls'])
    }
  )
})

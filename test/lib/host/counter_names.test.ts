import { release } from 'node:os'
import { expect, it } from 'vitest'
import type { CounterName } from '../../../lib/host/counter_names.js'
import { counterNames } from '../../../lib/host/counter_names.js'
import { counterValue, movedBy, readCounters } from '../../../lib/host/counters.js'
import { isAtLeast, parseKernelVersion } from '../../../lib/host/kernel.js'
import { neighbourCounters } from '../../../lib/observe/counters.js'

it('counter names match the names of this kernel', () => {
  const counters = { ...readCounters(), ...neighbourCounters() }
  const tracks = 'Conntrack.entries' in counters
  const version = parseKernelVersion(release())
  const isBefore = (major: number, minor: number) => version === null || !isAtLeast(version, major, minor)
  const missing = counterNames.filter(
    (name) =>
      !(name in counters) &&
      !(name.startsWith('Conntrack.') && !tracks) &&
      !(name === 'TcpExt.PAWSTimewait' && isBefore(6, 16)) &&
      !(name.endsWith('.OutTransmits') && isBefore(6, 7))
  )
  expect(missing).toEqual([])
})

it('counter names are unique', () => {
  expect(new Set(counterNames).size).toBe(counterNames.length)
})

it('counter names are a type, so that a misspelled one does not compile', () => {
  const known: CounterName = 'TcpExt.ListenOverflows'
  expect(movedBy({ [known]: { before: 1, after: 3, delta: 2 } }, known)).toBe(2)
  expect(counterValue({ [known]: 3 }, known)).toBe(3)
  // @ts-expect-error: ListenOverflow
  expect(movedBy({}, 'TcpExt.ListenOverflow')).toBe(0)
  // @ts-expect-error: PAWSTimeWait
  expect(counterValue({}, 'TcpExt.PAWSTimeWait')).toBeNull()
})

import { describe, expect, it } from 'vitest'
import { dial } from '../../../lib/dial/dial.js'
import { CounterHistory } from '../../../lib/watch/counter_history.js'
import { ownAddress } from '../../helpers/loopback.js'

/** Moves the counter Tcp.ActiveOpens by at least this number. */
async function connect(connections: number): Promise<void> {
  await dial({ connections, source: [ownAddress()] }).result
}

const opens = 'Tcp.ActiveOpens'

describe('CounterHistory', () => {
  it('gives what moved since it began, and the rate since the previous reading', async () => {
    const history = new CounterHistory()
    await connect(50)
    history.read(10)
    const first = history.changes[opens]?.delta ?? 0
    expect(first).toBeGreaterThanOrEqual(50)
    expect(history.rates[opens]).toEqual({ delta: first, perSecond: first / 10 })
    await connect(70)
    history.read(20)
    const both = history.changes[opens]?.delta ?? 0
    expect(both).toBeGreaterThanOrEqual(first + 70)
    expect(history.rates[opens]).toEqual({ delta: both, perSecond: (both - first) / 10 })
  })

  it('distinguishes what moved in the last half minute from what moved before', async () => {
    const history = new CounterHistory()
    await connect(50)
    history.read(10)
    expect(history.recent[opens]).toEqual(history.changes[opens])
    for (const tSeconds of [20, 30, 40, 50]) history.read(tSeconds)
    await connect(20)
    history.read(51)
    expect(history.recent[opens]?.delta).toBeGreaterThanOrEqual(20)
    expect(history.changes[opens]?.delta).toBeGreaterThanOrEqual((history.recent[opens]?.delta ?? 0) + 50)
  })
})

import { describe, expect, it } from 'vitest'
import { type PreparedDial, prepareDial } from '../../../lib/dial/prepare.js'
import { ownAddress } from '../../helpers/loopback.js'

const never = new AbortController().signal

async function closed({ engine }: PreparedDial): Promise<void> {
  engine.close()
  await engine.closed
}

describe('prepareDial', () => {
  it('starts the engine, which listens when the dial has no target', async () => {
    const before = performance.now()
    const prepared = await prepareDial({ connections: 10, workers: 1, source: [ownAddress()] }, never)
    expect(prepared.engine.listening).toHaveLength(1)
    expect(prepared.scenario).toMatchObject({ selfDial: true, connections: 10, workers: 1 })
    expect(prepared.startedMs).toBeGreaterThanOrEqual(before)
    await closed(prepared)
  })

  it('does not start the engine when the dial is stopped first', async () => {
    const stopping = new AbortController()
    const preparing = prepareDial({ connections: 10, source: [ownAddress()] }, stopping.signal)
    stopping.abort()
    const prepared = await preparing
    expect(prepared.engine.listening).toEqual([])
    await closed(prepared)
    expect(prepared.engine.counters().attempted).toBe(0)
  })

  it("rejects with the reason of the caller's signal", async () => {
    const caller = new AbortController()
    const preparing = prepareDial({ connections: 10, source: [ownAddress()], signal: caller.signal }, never)
    const reason = new Error('enough')
    caller.abort(reason)
    await expect(preparing).rejects.toBe(reason)
  })

  it('rejects with the reason of the stop while a name is looked up', async () => {
    const stopping = new AbortController()
    const preparing = prepareDial({ targets: ['localhost:9'] }, stopping.signal)
    const reason = new Error('enough')
    stopping.abort(reason)
    await expect(preparing).rejects.toBe(reason)
  })

  it('counts TIME_WAIT sockets only for a churn', async () => {
    const options = { connections: 10, source: [ownAddress()] }
    for (const churn of [false, true]) {
      const prepared = await prepareDial({ ...options, churn }, never)
      expect(prepared.timeWaits !== null).toBe(churn)
      await closed(prepared)
    }
  })
})

import { connect, createServer } from 'node:net'
import { describe, expect, it } from 'vitest'
import { CounterPhases } from '../../../lib/dial/counter_phases.js'
import { movedBy } from '../../../lib/host/counters.js'
import { noteCounters } from '../../../lib/observe/counters.js'

/** Opens a connection on loopback, which the kernel counts. */
async function connectOnce(): Promise<void> {
  const server = createServer((socket) => socket.end())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => connect(port, '127.0.0.1').resume().on('close', resolve))
  await new Promise((resolve) => server.close(resolve))
}

const opens = 'Tcp.PassiveOpens'

describe('CounterPhases', () => {
  it('attributes each counter movement to the phase in which it happened', async () => {
    const phases = new CounterPhases(noteCounters())
    await connectOnce()
    expect(phases.changes().closing).toEqual({})
    phases.noteRampEnd()
    const ramped = movedBy(phases.changes().ramp, opens)
    expect(ramped).toBeGreaterThanOrEqual(1)
    await connectOnce()
    phases.noteHoldEnd()
    await connectOnce()
    const { deltas, ramp, closing, all } = phases.changes()
    expect(movedBy(ramp, opens)).toBe(ramped)
    expect(movedBy(deltas, opens)).toBeGreaterThan(ramped)
    expect(movedBy(closing, opens)).toBeGreaterThanOrEqual(1)
    expect(movedBy(all, opens)).toBe(movedBy(deltas, opens) + movedBy(closing, opens))
  })

  it('gives the movements so far, and freezes them when the connections are about to be closed', async () => {
    const phases = new CounterPhases(noteCounters())
    await connectOnce()
    expect(movedBy(phases.soFar(), opens)).toBeGreaterThanOrEqual(1)
    phases.noteHoldEnd()
    const before = movedBy(phases.soFar(), opens)
    await connectOnce()
    expect(movedBy(phases.soFar(), opens)).toBe(before)
  })
})

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Snapshots } from '../../../lib/dial/snapshot.js'
import type { Engine } from '../../../lib/engine/engine.js'
import { freePort, ownAddress } from '../../helpers/loopback.js'
import { dialing, listening, small } from '../../helpers/native_config.js'
import { startEngine } from '../../helpers/start_engine.js'

const connections = 50
let held: Engine
let refused: Engine

beforeAll(async () => {
  const address = ownAddress()
  const port = await freePort(address)
  const dial = dialing({ connections, hold: true })
  held = startEngine({
    ...small,
    dial,
    listen: listening()
  })
  refused = startEngine({
    ...small,
    dial: { ...dial, targets: [{ address, firstPort: port, lastPort: port }] }
  })
  await Promise.all([held.ramped, refused.ramped])
})

afterAll(async () => {
  held.close()
  refused.close()
  await Promise.all([held.closed, refused.closed])
})

describe('Snapshots', () => {
  it('hold the counters of a run at one moment', () => {
    expect(new Snapshots(held, null, false).take(0.25, 'holding', [])).toEqual({
      tSeconds: 0.25,
      phase: 'holding',
      established: connections,
      attempted: connections,
      failed: 0,
      inFlight: 0,
      connectsPerSecond: connections / 0.25,
      connectP50Us: expect.any(Number),
      connectP99Us: expect.any(Number),
      exchangeP50Us: null,
      exchangeP99Us: null,
      exchanges: 0,
      transactions: 0,
      transactionsPerSecond: 0,
      closedByPeer: 0,
      skippedPorts: expect.any(Number),
      errors: [],
      findings: [],
      sample: null
    })
  })

  it('give rates since the previous snapshot of each consumer', () => {
    const one = new Snapshots(held, null, false)
    const two = new Snapshots(held, null, false)
    expect(one.take(0.5, 'holding', []).connectsPerSecond).toBe(connections / 0.5)
    expect(one.take(1, 'holding', []).connectsPerSecond).toBe(0)
    expect(two.take(1, 'holding', []).connectsPerSecond).toBe(connections)
  })

  it('have no rate without time since the previous snapshot', () => {
    expect(new Snapshots(held, null, false).take(0, 'dialing', []).connectsPerSecond).toBe(0)
  })

  it('list failures without their examples, and include findings', () => {
    const finding = {
      id: 'connection-refused',
      severity: 'critical' as const,
      side: 'server' as const,
      title: 'Nobody listens',
      evidence: [],
      remedy: []
    }
    expect(new Snapshots(refused, null, false).take(1, 'dialing', [finding])).toMatchObject({
      established: 0,
      attempted: connections,
      failed: connections,
      inFlight: 0,
      errors: [{ phase: 'connect', code: 'ECONNREFUSED', count: connections }],
      findings: [finding]
    })
    expect(new Snapshots(refused, null, false).take(1, 'dialing', []).errors[0]).not.toHaveProperty('example')
  })
})

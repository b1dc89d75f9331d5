import { describe, expect, it } from 'vitest'
import { engineConfig } from '../../../lib/dial/engine_config.js'
import type { DialScenario } from '../../../lib/scenario/scenario.js'
import { exampleResult } from '../../helpers/example_result.js'

const { scenario } = exampleResult()
const config = (changes: Partial<DialScenario>) => engineConfig({ ...scenario, ...changes })
const exchange = { send: 'a', sendBytes: 1, expect: '', expectBytes: 1, everyMs: null }
const empty = {
  send: new Uint8Array(),
  expect: new Uint8Array(),
  expectBytes: 0,
  everyMs: 0,
  timeoutMs: 5000
}

describe('engineConfig', () => {
  it('has no listener when there is a target, and no exchange when there is no message', () => {
    expect(config({})).toMatchObject({
      workers: 4,
      maxTables: 1024,
      dial: {
        targets: scenario.targets,
        sourcePorts: [{ first: 1024, last: 65_535 }],
        hold: true,
        churn: false,
        peerCloses: false
      }
    })
    expect(config({})).not.toHaveProperty('listen')
    expect(config({}).dial).not.toHaveProperty('exchange')
  })

  it('listens without a target, with more ports per worker for many connections', () => {
    const listen = { mode: 'sink', close: 'rst' }
    const own = { targets: [], selfDial: true, workers: 4 }
    expect(config(own).listen).toMatchObject(listen)
    expect(config({ ...own, churn: true }).listen).toMatchObject(listen)
    const ports = (connections: number) => config({ ...own, connections }).listen?.targets
    expect(ports(65_536)).toEqual(Array(4).fill({ address: '127.0.0.1', firstPort: 0, lastPort: 0 }))
    expect(ports(65_537)).toHaveLength(8)
    expect(ports(1_000_000)).toHaveLength(16)
  })

  it('answers a self-dial that exchanges messages', () => {
    expect(config({ targets: [], selfDial: true, exchange })).toMatchObject({
      dial: { exchange: { expectBytes: 1, timeoutMs: 5000 } },
      listen: { mode: 'echo', close: 'rst' }
    })
  })

  it('lets its own listener close first when the scenario says so', () => {
    expect(config({ targets: [], selfDial: true, churn: true, closeBy: 'server', holdMs: 0 })).toMatchObject({
      dial: { churn: true, peerCloses: true, hold: false, exchange: empty },
      listen: { mode: 'close-first', close: 'fin' }
    })
  })
})

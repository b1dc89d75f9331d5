import { describe, expect, it } from 'vitest'
import { dial } from '../../../lib/dial/dial.js'
import { means } from '../../../lib/dial/proof.js'
import { listen } from '../../../lib/listen/listen.js'
import { chosenSocketOptions } from '../../../lib/scenario/socket_options.js'
import { ownAddress } from '../../helpers/loopback.js'
import { scenario } from '../checks/fixtures.js'

describe('the means of the proof', () => {
  const talk = { send: 'hi', sendBytes: 2, expect: '', expectBytes: 2, everyMs: null }
  const kept = chosenSocketOptions({ keepaliveMs: 2000 })
  it.each([
    ['nothing when the hold is too short for a probe', { holdMs: 1999 }, 'none'],
    ['probes otherwise', { holdMs: 2000 }, 'probe'],
    ['keepalive when it fits into the hold', { holdMs: 4000, socketOptions: kept }, 'keepalive'],
    ['probes when keepalive does not fit', { holdMs: 3999, socketOptions: kept }, 'probe'],
    [
      'heartbeats when there are any',
      { holdMs: 4000, socketOptions: kept, exchange: { ...talk, everyMs: 1000 } },
      'heartbeat'
    ],
    ['probes after a single exchange', { holdMs: 4000, exchange: talk }, 'probe'],
    ['the exchange itself in a short hold', { holdMs: 100, exchange: talk }, 'exchange'],
    ['the listener in a self-dial', { holdMs: 4000, targets: [] }, 'listener']
  ])('are %s', (_, changes, expected) => {
    expect(means(scenario(changes))).toBe(expected)
  })
})

describe('the proof that connections are alive', () => {
  it('comes from the listener in a self-dial', async () => {
    const { alive } = await dial({ connections: 500, holdMs: 50, source: [ownAddress()] }).result
    expect(alive).toEqual({ by: 'listener', probed: 500, proven: 500, disproved: 0, unknown: 0 })
  })

  it('is null without a hold', async () => {
    expect((await dial({ connections: 10, source: [ownAddress()] }).result).alive).toBeNull()
  })

  it('is reported as unknown when the hold is stopped before the proof', async () => {
    await using server = await listen({ targets: [`${ownAddress()}:0`] })
    await using run = dial({ targets: server.targets, connections: 100, holdMs: 60_000 })
    for await (const { phase } of run.snapshots({ everyMs: 10 })) if (phase === 'holding') break
    const { alive, findings } = await run.close()
    expect(alive).toEqual({ by: 'none', probed: 0, proven: 0, disproved: 0, unknown: 100 })
    expect(findings).toEqual([])
  })
})

import { describe, expect, it } from 'vitest'
import { checkOptions } from '../../../lib/base/check_options.js'
import { conntrackTableFull } from '../../../lib/checks/causes/conntrack_table_full.js'
import { tupleSpaceExhausted } from '../../../lib/checks/causes/tuple_space_exhausted.js'
import { goalChecks, isOf, resolveGoal } from '../../../lib/doctor/goal.js'
import { caught } from '../../helpers/caught.js'
import { facts } from '../checks/fixtures.js'

describe('resolveGoal', () => {
  it('assumes a million connections with both ends on this host by default', async () => {
    const { goal, context } = await resolveGoal({}, facts())
    expect(goal).toEqual({ targets: [], connections: 1_000_000, ratePerSecond: null, role: 'both' })
    expect(context).toMatchObject({
      needs: { descriptors: 2_000_000, sockets: 2_000_000, kernelMemoryBytes: 8_000_000_000 },
      peerIsHere: true
    })
    expect(context.needs.tuples).toBeGreaterThan(1_000_000)
  })

  it('dials targets as a client', async () => {
    const { goal, context } = await resolveGoal(
      { targets: ['127.0.0.1:80-99'], connections: 5000, rate: 100 },
      facts()
    )
    expect(goal).toMatchObject({ connections: 5000, ratePerSecond: 100, role: 'client' })
    expect(context).toMatchObject({ needs: { descriptors: 5000, sockets: 10_000 }, peerIsHere: true })
    expect(context.scenario?.targets).toHaveLength(1)
  })

  it('leaves the ports and tuples of a client without targets open', async () => {
    const { context } = await resolveGoal({ role: 'client' }, facts())
    expect(context).toMatchObject({
      needs: { tuples: 1_000_000, sockets: 1_000_000 },
      scenario: null,
      peerIsHere: false
    })
  })

  it('listens where the server options say, on any address', async () => {
    const { context } = await resolveGoal({ role: 'server', targets: ['0.0.0.0:8100-8119'] }, facts())
    expect(context).toMatchObject({
      needs: { descriptors: 1_000_000, sockets: 1_000_000 },
      scenario: { targets: [{ address: '0.0.0.0', firstPort: 8100, lastPort: 8119 }] },
      peerIsHere: true
    })
    expect((await resolveGoal({ role: 'server' }, facts())).context.scenario).toBeNull()
  })

  it('refuses contradictory options', async () => {
    await expect(resolveGoal({ role: 'both', targets: ['198.51.100.1:80'] }, facts())).rejects.toMatchObject({
      code: 'C1M_OPTION_CONFLICT',
      message: 'with role both, both ends must be on this host, but 198.51.100.1:80 is not'
    })
    for (const options of [{ role: 'peer' }, { connections: 0 }]) {
      const check = () => checkOptions('doctor', options, goalChecks)
      expect(caught(check)).toMatchObject({ code: 'C1M_OPTION_INVALID' })
    }
    await expect(resolveGoal({ role: 'server', targets: ['x'] }, facts())).rejects.toMatchObject({
      code: 'C1M_TARGET_INVALID'
    })
  })
})

it('doctor does not judge a server by what only dialing needs', () => {
  expect(isOf('server', tupleSpaceExhausted)).toBe(false)
  expect(isOf('server', conntrackTableFull)).toBe(true)
  expect(isOf('client', tupleSpaceExhausted)).toBe(true)
})

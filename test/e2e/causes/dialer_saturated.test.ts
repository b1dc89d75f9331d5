import { describe, expect, it } from 'vitest'
import { dial } from '../../../lib/dial.js'
import { causesOf } from '../../helpers/causes.js'
import { ownAddress } from '../../helpers/loopback.js'

describe('a dialer that cannot keep its rate', () => {
  it('because of its window is named', async () => {
    const result = await dial({
      source: [ownAddress()],
      connections: 20_000,
      rate: 2_000_000,
      window: 1,
      workers: 1
    }).result
    expect(result.connections).toMatchObject({ established: 20_000, failed: 0 })
    expect(causesOf(result)).toEqual(['dialer-saturated'])
    expect(result.findings[0]).toMatchObject({ severity: 'warning', side: 'client' })
  })

  it('because of its CPU is named', async () => {
    const result = await dial({ source: [ownAddress()], connections: 20_000, rate: 2_000_000, workers: 1 })
      .result
    expect(causesOf(result)).toEqual(['dialer-saturated'])
  })

  it('does not exist where no rate was asked for', async () => {
    const result = await dial({ source: [ownAddress()], connections: 20_000, window: 1, workers: 1 }).result
    expect(causesOf(result)).toEqual([])
  })
})

import { describe, expect, it } from 'vitest'
import { causesOf, dialIn } from '../../helpers/causes.js'
import { mayMakeNamespaces, Namespace } from '../../helpers/namespace.js'

const dialed = ['-c', '20k', '--workers', '1']

describe.skipIf(!mayMakeNamespaces)('a dialer that cannot keep its rate (skipped without root)', () => {
  it.each([
    ['window', ['--window', '1']],
    ['CPU', []]
  ])('because of its %s is named', async (_, args) => {
    using host = await Namespace.create()
    const result = await dialIn(host, ...dialed, '-r', '2m/s', ...args)
    expect(result.connections).toMatchObject({ established: 20_000, failed: 0 })
    expect(causesOf(result)).toEqual(['dialer-saturated'])
    expect(result.findings[0]).toMatchObject({ severity: 'warning', side: 'client' })
  })

  it('does not exist where no rate was asked for', async () => {
    using host = await Namespace.create()
    const result = await dialIn(host, ...dialed, '--window', '1')
    expect(causesOf(result)).toEqual([])
  })
})

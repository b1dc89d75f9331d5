import { describe, expect, it } from 'vitest'
import { sourceAddressMissing } from '../../../../lib/checks/causes/source_address_missing.js'
import { unreachable } from '../../../../lib/checks/causes/unreachable.js'
import { command } from '../../../../lib/checks/remedy.js'
import { explaining, linesOf, predicting, run, tally } from '../fixtures.js'

describe('explain', () => {
  const missing = run({
    connections: { established: 0, failed: 10_000, peak: 0 },
    errors: [tally('bind', 'EADDRNOTAVAIL', 10_000, '203.0.113.9:1024 > 198.18.30.1:8100')]
  })

  it('explains the few connections bound just before the address was removed, but not many', () => {
    const losing = (unrouted: number) => {
      const errors = [...missing.errors, tally('connect', 'EHOSTUNREACH', unrouted)]
      return sourceAddressMissing.explain?.(explaining({ run: { ...missing, errors } }))?.explains
    }
    expect(losing(1)).toEqual([unreachable])
    expect(losing(500)).toEqual([])
  })

  it('reads the address from an example', () => {
    expect(sourceAddressMissing.explain?.(explaining({ run: missing }))).toMatchObject({
      severity: 'critical',
      side: 'client',
      title: '10,000 connections could not be bound: this host lacks the source address 203.0.113.9',
      remedy: [command('ip addr add 203.0.113.9/32 dev DEVICE')]
    })
  })

  it('reads an IPv6 address', () => {
    const outcome = run({ errors: [tally('bind', 'EADDRNOTAVAIL', 1, '[2001:2::9]:1024 > [2001:2::1]:80')] })
    expect(linesOf(sourceAddressMissing.explain?.(explaining({ run: outcome })))).toEqual([
      'ip addr add 2001:2::9/128 dev DEVICE',
      '# or, where a route of type local brings their packets here already:',
      'sysctl -w net.ipv6.ip_nonlocal_bind=1'
    ])
  })

  it('is silent for a tuple space that is used up', () => {
    const outcome = run({
      connections: { requested: 1000, attempted: 1000, established: 900, failed: 100 },
      errors: [tally('bind', 'EADDRNOTAVAIL', 100)]
    })
    expect(sourceAddressMissing.explain?.(explaining({ run: outcome, scenario: { tuples: 900 } }))).toBeNull()
  })
})

it('source-address-missing is predicted', () => {
  const needs = { missingSources: ['198.18.0.1', '198.18.0.2', '198.18.0.3', '198.18.0.4'] }
  expect(sourceAddressMissing.predict?.(predicting({ needs }))).toMatchObject({
    bindsAt: 0,
    title: '198.18.0.1, 198.18.0.2 and 2 more are no addresses of this host'
  })
  expect(sourceAddressMissing.predict?.(predicting())).toBeNull()
})

describe('an address that duplicate address detection keeps from being used', () => {
  const predicted = (state: 'tentative' | 'duplicate') =>
    sourceAddressMissing.predict?.(
      predicting({
        needs: { unsettledSources: [{ address: 'fd00::7', prefix: 64, device: 'eth0.1', state }] }
      })
    )

  it('is not called missing', () => {
    expect(predicted('tentative')?.title).toBe(
      'fd00::7 cannot be used yet: duplicate address detection is under way'
    )
    expect(linesOf(predicted('tentative'))[1]).toBe(
      'ip addr del fd00::7/64 dev eth0.1 && ip addr add fd00::7/64 dev eth0.1 nodad'
    )
    expect(predicted('duplicate')?.title).toBe('another host has fd00::7: duplicate address detection failed')
  })
})

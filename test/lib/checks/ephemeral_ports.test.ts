import { describe, expect, it } from 'vitest'
import { tupleSpaceExhausted } from '../../../lib/checks/causes/tuple_space_exhausted.js'
import type { PortUse } from '../../../lib/observe/port_use.js'
import { linesOf, watching } from './fixtures.js'

const use = (changes: Partial<PortUse> = {}): PortUse => ({
  source: '198.18.1.1',
  destination: '198.18.1.2:9000',
  timeWaits: 0,
  others: 28_232,
  outside: 0,
  available: 28_232,
  ...changes
})

const explain = (fullPorts: PortUse[], facts: Parameters<typeof watching>[0] = {}) =>
  tupleSpaceExhausted.explain?.(watching({ fullPorts, ...facts }))

describe('the ephemeral ports toward a destination', () => {
  it('are reported once all are in use', () => {
    const verdict = explain([use(), use({ destination: '198.18.1.3:9000' })])
    expect(verdict).toMatchObject({
      severity: 'warning',
      side: 'server',
      title: expect.stringContaining('hold 28,232 of 28,232 ephemeral ports, and to 1 more destinations')
    })
    expect(linesOf(verdict)[0]).toBe('sysctl -w net.ipv4.ip_local_port_range="1024 65535"')
  })

  it('are not reported when some are free, or when a program chooses its ports itself', () => {
    expect(explain([])).toBeNull()
    expect(explain([use({ others: 27_900 })])).toBeNull()
    expect(explain([use({ outside: 31_744 })])).toBeNull()
  })

  it('are used up by TIME_WAITs, unless the kernel may reuse those', () => {
    const waiting = use({ others: 232, timeWaits: 28_000 })
    expect(explain([waiting])).toMatchObject({ severity: 'warning' })
    expect(explain([waiting], { facts: { tcp: { twReuse: 1 } } })).toBeNull()
    const onLoopback = { ...waiting, source: '127.0.0.1' }
    expect(explain([onLoopback])).toBeNull()
    expect(explain([onLoopback], { facts: { tcp: { timestamps: 0 } } })).toMatchObject({
      severity: 'warning'
    })
  })
})

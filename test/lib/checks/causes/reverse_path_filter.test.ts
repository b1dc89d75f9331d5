import { describe, expect, it } from 'vitest'
import { reversePathFilter } from '../../../../lib/checks/causes/reverse_path_filter.js'
import { sysctl } from '../../../../lib/checks/remedy.js'
import { explaining, linesOf, rose, run, tally, watching } from '../fixtures.js'

const lossy = run({
  connections: { requested: 200, attempted: 200, established: 0, failed: 200, peak: 0 },
  errors: [tally('timeout', 'ETIMEDOUT', 200)]
})
const deltas = rose({ 'TcpExt.IPReversePathFilter': 1000 })

describe('explain', () => {
  it('names the strict interfaces and loosens them', () => {
    const facts = { network: { rpFilterAll: 0, rpFilterInterfaces: { eth0: 1, eth1: 2, lo: 1 } } }
    expect(reversePathFilter.explain?.(explaining({ run: lossy, deltas, facts }))).toMatchObject({
      severity: 'critical',
      side: 'client',
      title: expect.stringContaining('(strict on eth0)'),
      remedy: [sysctl('net.ipv4.conf.eth0.rp_filter', 2)]
    })
  })

  it('knows that `all` makes every interface strict except a loose one', () => {
    const facts = { network: { rpFilterAll: 1, rpFilterInterfaces: { eth0: 0, eth1: 2 } } }
    expect(reversePathFilter.explain?.(watching({ deltas, facts }))).toMatchObject({
      side: 'server',
      remedy: [sysctl('net.ipv4.conf.eth0.rp_filter', 2)]
    })
  })

  it('loosens `all` when interfaces cannot be listed', () => {
    const facts = { network: { rpFilterAll: 1, rpFilterInterfaces: null } }
    expect(linesOf(reversePathFilter.explain?.(explaining({ run: lossy, deltas, facts })))).toEqual([
      'sysctl -w net.ipv4.conf.all.rp_filter=2'
    ])
  })

  it('ignores other traffic', () => {
    expect(reversePathFilter.explain?.(explaining({ deltas }))).toBeNull()
  })

  const strict = { network: { rpFilterAll: 1, rpFilterInterfaces: { eth0: 0, eth1: 0, lo: 0 } } }

  it('is silent when SYNs were answered after being sent again', () => {
    const retried = run({ retransmits: { syn: 20, connectionsWithSynRetry: 20 } })
    const strays = rose({ 'TcpExt.IPReversePathFilter': 14 })
    expect(
      reversePathFilter.explain?.(explaining({ run: retried, deltas: strays, facts: strict }))
    ).toBeNull()
  })

  it('is silent when the filter dropped fewer packets than handshakes stayed unanswered', () => {
    const strays = rose({ 'TcpExt.IPReversePathFilter': 150 })
    expect(reversePathFilter.explain?.(explaining({ run: lossy, deltas: strays, facts: strict }))).toBeNull()
  })

  it.each([
    ['one device', { rpFilterAll: 1, rpFilterInterfaces: { eth0: 1, lo: 0 } }],
    ['a loose filter', { rpFilterAll: 2, rpFilterInterfaces: { eth0: 0, eth1: 0, lo: 0 } }]
  ])('is silent for a target with %s', (_, network) => {
    expect(reversePathFilter.explain?.(explaining({ run: lossy, deltas, facts: { network } }))).toBeNull()
  })

  it('does not count packets dropped in the hold', () => {
    expect(
      reversePathFilter.explain?.(explaining({ run: lossy, deltas, ramp: {}, facts: strict }))
    ).toBeNull()
  })

  it('reports info below a hundredth of the attempts', () => {
    const few = run({ errors: [tally('timeout', 'ETIMEDOUT', 20)] })
    const drops = rose({ 'TcpExt.IPReversePathFilter': 60 })
    expect(reversePathFilter.explain?.(explaining({ run: few, deltas: drops, facts: strict }))).toMatchObject(
      {
        severity: 'info'
      }
    )
  })

  it.each([
    [3, 0, null],
    [14, 100_000, null],
    [14, 500, 'info'],
    [40, 0, 'warning']
  ])(
    'beside a server, gives %i drops and %i recent connections the severity %s',
    (drops, opens, severity) => {
      const recent = rose({ 'TcpExt.IPReversePathFilter': drops, 'Tcp.PassiveOpens': opens })
      const verdict = reversePathFilter.explain?.(watching({ deltas, recent, facts: strict }))
      expect(verdict?.severity ?? null).toBe(severity)
    }
  )
})

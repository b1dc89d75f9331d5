import { describe, expect, it } from 'vitest'
import { orphanLimit } from '../../../../lib/checks/causes/orphan_limit.js'
import { command, sysctl } from '../../../../lib/checks/remedy.js'
import { explaining, linesOf, rose, sending, watching } from '../fixtures.js'

const deltas = rose({ 'TcpExt.TCPAbortOnMemory': 200 })
const counters = { 'Sockstat.TCP.orphan': 101 }

describe('orphan-limit', () => {
  it('is reported when memory is not the reason', () => {
    const facts = { tcp: { maxOrphans: 100 } }
    expect(orphanLimit.explain?.(explaining({ deltas, counters, facts }))).toMatchObject({
      severity: 'warning',
      side: 'client',
      title:
        '200 closed connections were reset because too many on the whole host waited for their peer: tcp_max_orphans is 100',
      evidence: [
        { name: 'TcpExt.TCPAbortOnMemory' },
        { name: 'Sockstat.TCP.orphan of the whole host', after: 101 },
        { name: 'net.ipv4.tcp_max_orphans' }
      ],
      remedy: [sysctl('net.ipv4.tcp_max_orphans', 16384), command('c1m-native dial --close rst ...')]
    })
  })

  it('is one of two limits when data was sent and neither limit can be read', () => {
    const facts = { tcp: { maxOrphans: null }, memory: { tcpPages: null } }
    const verdict = orphanLimit.explain?.(explaining({ deltas, counters, facts, scenario: sending }))
    expect(verdict?.title).toBe(
      '200 closed connections were reset, for one of two limits of the whole host: net.ipv4.tcp_max_orphans or net.ipv4.tcp_mem'
    )
    expect(linesOf(verdict)[0]).toContain('in the initial network namespace')
  })

  it('is the only limit when no socket had data to send', () => {
    const facts = { tcp: { maxOrphans: null }, memory: { tcpPages: null } }
    expect(orphanLimit.explain?.(explaining({ deltas, counters, facts }))?.title).toBe(
      '200 closed connections were reset because too many on the whole host waited for their peer'
    )
  })

  it('is not reported for memory pressure', () => {
    const full = { ...counters, 'Sockstat.TCP.mem': 400_000 }
    expect(orphanLimit.explain?.(explaining({ deltas, counters: full, scenario: sending }))).toBeNull()
    const pressed = { ...deltas, ...rose({ 'TcpExt.TCPMemoryPressures': 1 }) }
    expect(orphanLimit.explain?.(explaining({ deltas: pressed, counters, scenario: sending }))).toBeNull()
  })

  it('is info when fewer than a hundredth of the connections were reset', () => {
    const few = rose({ 'TcpExt.TCPAbortOnMemory': 20 })
    expect(orphanLimit.explain?.(explaining({ deltas: few, counters }))).toMatchObject({ severity: 'info' })
    const beside = { ...few, ...rose({ 'Tcp.PassiveOpens': 100_000 }) }
    expect(orphanLimit.explain?.(watching({ deltas: beside, counters }))).toMatchObject({ severity: 'info' })
  })

  it('is not reported when only the closing moved the counter', () => {
    expect(orphanLimit.explain?.(explaining({ closing: deltas, counters }))).toBeNull()
  })
})

import { expect, it } from 'vitest'
import { orphanLimit } from '../../../../lib/checks/causes/orphan_limit.js'
import { command, sysctl } from '../../../../lib/checks/remedy.js'
import { explaining, rose } from '../fixtures.js'

const aborted = rose({ 'TcpExt.TCPAbortOnMemory': 200 })

it('is what is left when memory is no reason', () => {
  expect(
    orphanLimit.explain?.(explaining({ deltas: aborted, facts: { tcp: { maxOrphans: 100 } } }))
  ).toMatchObject({
    severity: 'warning',
    side: 'client',
    title: '200 closed connections were reset because too many waited for their peer: tcp_max_orphans is 100',
    remedy: [sysctl('net.ipv4.tcp_max_orphans', 16384), command('c1m-native dial --close rst ...')]
  })
})

it('is not taken for memory pressure', () => {
  expect(
    orphanLimit.explain?.(explaining({ deltas: aborted, counters: { 'Sockstat.TCP.mem': 400_000 } }))
  ).toBeNull()
  const deltas = { ...aborted, ...rose({ 'TcpExt.TCPMemoryPressures': 1 }) }
  expect(orphanLimit.explain?.(explaining({ deltas }))).toBeNull()
})

import { describe, expect, it } from 'vitest'
import { tcpMemory } from '../../../../lib/checks/causes/tcp_memory.js'
import { explaining, linesOf, predicting, rose, run, sending, tally } from '../fixtures.js'

describe('predict', () => {
  const needs = { connections: 1_000_000, kernelMemoryBytes: 4_000_000_000 }

  it('compares the slab memory needed with the memory available', () => {
    const verdict = tcpMemory.predict?.(
      predicting({ needs, facts: { memory: { availableBytes: 3_000_000_000 } } })
    )
    expect(verdict).toMatchObject({ bindsAt: 750_000, events: 250_000 })
    expect(verdict?.title).toBe('the sockets take 3.73GiB of kernel memory and the host has 2.79GiB left')
  })

  it('compares it with the control group when that is tighter', () => {
    const facts = { cgroup: { memoryMaxBytes: 2_000_000_000, memoryCurrentBytes: 1_000_000_000 } }
    expect(tcpMemory.predict?.(predicting({ needs, facts }))).toMatchObject({ bindsAt: 250_000 })
  })

  it('is silent when the memory is enough or unknown', () => {
    expect(tcpMemory.predict?.(predicting({ needs }))).toBeNull()
    const unknown = { memory: { availableBytes: null }, cgroup: { memoryMaxBytes: null } }
    expect(tcpMemory.predict?.(predicting({ needs, facts: unknown }))).toBeNull()
  })
})

describe('explain', () => {
  it('names tcp_mem and its pages', () => {
    const verdict = tcpMemory.explain?.(
      explaining({
        deltas: rose({ 'TcpExt.TCPMemoryPressures': 3, 'TcpExt.TCPAbortOnMemory': 200 }),
        counters: { 'Sockstat.TCP.mem': 575_800, 'Sockstat.TCP.orphan': 3 },
        scenario: sending
      })
    )
    expect(verdict).toMatchObject({
      severity: 'critical',
      title:
        'TCP buffers of the whole host reached tcp_mem (575,800 of 575,790 pages), and 200 connections failed for it'
    })
    expect(linesOf(verdict)[0]).toBe('sysctl -w net.ipv4.tcp_mem="575790 767722 1151580"')
  })

  it('says that resets may be due to orphans when those are near their limit', () => {
    const verdict = tcpMemory.explain?.(
      explaining({
        deltas: rose({ 'TcpExt.TCPMemoryPressures': 3, 'TcpExt.TCPAbortOnMemory': 200 }),
        counters: { 'Sockstat.TCP.orphan': 131_000 },
        scenario: sending
      })
    )
    expect(verdict?.title).toMatch(
      /failed for it, or for net\.ipv4\.tcp_max_orphans: one counter counts both$/
    )
  })

  it('does not count resets of sockets that had nothing to send', () => {
    const verdict = tcpMemory.explain?.(
      explaining({ deltas: rose({ 'TcpExt.TCPMemoryPressures': 3, 'TcpExt.TCPAbortOnMemory': 200 }) })
    )
    expect(verdict).toMatchObject({ severity: 'warning', title: expect.stringMatching(/shrank windows$/) })
  })

  it('names pressure that only reduced windows', () => {
    expect(
      tcpMemory.explain?.(explaining({ deltas: rose({ 'TcpExt.TCPMemoryPressures': 1 }) }))
    ).toMatchObject({
      severity: 'warning'
    })
  })

  it('reports info when only other processes filled the buffers', () => {
    expect(tcpMemory.explain?.(explaining({ counters: { 'Sockstat.TCP.mem': 400_000 } }))).toMatchObject({
      severity: 'info',
      title: expect.stringContaining('of the whole host')
    })
  })

  it('names sockets that could not be created for lack of memory', () => {
    const outcome = run({ errors: [tally('socket', 'ENOBUFS', 12)] })
    expect(tcpMemory.explain?.(explaining({ run: outcome }))).toMatchObject({
      title: 'the kernel had no memory for 12 sockets',
      events: 12
    })
  })

  it('is silent for too many orphans, which share a counter', () => {
    expect(tcpMemory.explain?.(explaining({ deltas: rose({ 'TcpExt.TCPAbortOnMemory': 200 }) }))).toBeNull()
  })
})

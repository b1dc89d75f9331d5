import { describe, expect, it } from 'vitest'
import { deadConnections } from '../../../../lib/checks/causes/dead_connections.js'
import { type ProofView, unproven } from '../../../../lib/observe/proof_view.js'
import { explaining, linesOf, rose, run, tally } from '../fixtures.js'

const proof: ProofView = { ...unproven, by: 'keepalive', probed: 10_000, of: 10_000, proven: 9000 }
const explained = (changes: Partial<ProofView>, observed: Parameters<typeof explaining>[0] = {}) =>
  deadConnections.explain?.(explaining({ proof: { ...proof, ...changes }, ...observed })) ?? null

describe('dead-connections', () => {
  it('counts connections whose peer left probes unanswered', () => {
    const deltas = rose({ 'TcpExt.TCPKeepAlive': 40_000 })
    expect(explained({ silent: 1000, longestSilenceMs: 9500 }, { deltas })).toMatchObject({
      severity: 'critical',
      side: 'server',
      title: '1,000 of 10,000 connections are dead: their peer has answered nothing for 9.5s',
      evidence: expect.arrayContaining([{ name: 'TcpExt.TCPKeepAlive', before: 100, after: 40_100 }]),
      events: 1000
    })
  })

  it('counts connections that the kernel has given up', () => {
    const errors = [tally('hold', 'ETIMEDOUT', 1000)]
    expect(explained({ gone: 1000 }, { run: run({ errors }) })).toMatchObject({
      title: '1,000 of 10,000 connections are dead: their peer is gone',
      evidence: expect.arrayContaining([expect.objectContaining({ name: 'errors.hold.ETIMEDOUT' })])
    })
  })

  it('extrapolates from a sample', () => {
    const sample = { by: 'probe' as const, probed: 1000, proven: 990, silent: 10, longestSilenceMs: 4000 }
    expect(explained(sample)?.title).toBe(
      '10 of 1,000 connections that were probed are dead: their peer has answered nothing for 4s; of all 10,000 that would be about 100'
    )
  })

  it('suggests a SYN proxy when no window was ever opened, and the server otherwise', () => {
    const silent = { silent: 1000, neverHeard: 1000, longestSilenceMs: 6000 }
    expect(explained({ ...silent, zeroWindow: 1000, proven: 0 })).toMatchObject({
      side: 'path',
      title: expect.stringMatching(
        /never opened its window, as a SYN proxy does when its server is not there$/
      )
    })
    const verdict = explained(silent)
    expect(verdict?.title).toMatch(/their peer has answered nothing since the handshake, for 6s$/)
    expect(linesOf(verdict)[0]).toMatch(/SyncookiesFailed/)
  })

  it('is a warning for few, and silent when all answer or nothing was probed', () => {
    expect(explained({ silent: 5, longestSilenceMs: 5000 })).toMatchObject({ severity: 'warning' })
    expect(explained({ proven: 10_000 })).toBeNull()
    expect(deadConnections.explain?.(explaining())).toBeNull()
  })
})

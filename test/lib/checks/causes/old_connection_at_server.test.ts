import { describe, expect, it } from 'vitest'
import { oldConnectionAtServer } from '../../../../lib/checks/causes/old_connection_at_server.js'
import { synUnanswered } from '../../../../lib/checks/causes/syn_unanswered.js'
import { explaining, linesOf, rose, run, tally, watching } from '../fixtures.js'

const explain = oldConnectionAtServer.explain ?? (() => null)
const resets = rose({ 'Tcp.OutRsts': 200, 'TcpExt.TCPSynRetrans': 200 })
const met = run({
  retransmits: { syn: 200, connectionsWithSynRetry: 200 },
  staleAnswers: { established: 200 }
})

describe('explain', () => {
  it('warns when all connections were established in the end, and says what it cannot tell', () => {
    const verdict = explain(explaining({ run: met, deltas: resets }))
    expect(verdict).toMatchObject({ severity: 'warning', side: 'server', events: 200 })
    expect(verdict?.title).toMatch(
      /^200 SYNs were not lost but answered by an older connection of their 4-tuple, or its TIME_WAIT, which the server or a middlebox still has/
    )
    expect(linesOf(verdict)).toContain('nstat -asz TcpExtTCPSYNChallenge TcpExtPAWSTimewait')
  })

  it('reports info below a hundredth of the connections', () => {
    const few = run({ staleAnswers: { established: 99 } })
    expect(explain(explaining({ run: few, deltas: resets }))).toMatchObject({ severity: 'info' })
    const one = run({ staleAnswers: { established: 1 } })
    expect(explain(explaining({ run: one, deltas: resets }))?.title).toMatch(/^1 SYN was not lost/)
  })

  it('reports critical when handshakes failed although their SYNs were answered', () => {
    const stopped = run({
      connections: { established: 9800, failed: 200 },
      errors: [tally('timeout', 'ETIMEDOUT', 200)],
      staleAnswers: { timedOut: 200 }
    })
    const context = explaining({ run: stopped, deltas: resets })
    const verdict = explain(context)
    expect(verdict).toMatchObject({ severity: 'critical', events: 200 })
    expect(verdict?.title).toMatch(/: 200 of the handshakes got no further$/)
    expect(linesOf(verdict)[0]).toMatch(/^# let the RST pass/)
    expect(synUnanswered.explain?.(context)).toBeNull()
    const hasty = explaining({ run: stopped, deltas: resets, scenario: { connectTimeoutMs: 100 } })
    expect(linesOf(explain(hasty))[1]).toBe('# and allow time for another SYN: --connect-timeout 5s')
  })

  it('is certain about a server on this host that counts the SYNs', () => {
    const deltas = { ...resets, ...rose({ 'TcpExt.TCPSYNChallenge': 200 }) }
    const verdict = explain(explaining({ run: met, peerIsHere: true, deltas }))
    expect(verdict?.title).toContain('an older connection of their 4-tuple that still lives at the server')
    expect(verdict?.evidence).toContainEqual({ name: 'TcpExt.TCPSYNChallenge', before: 100, after: 300 })
    expect(explain(explaining({ run: met, peerIsHere: true, deltas: resets }))?.title).toContain(
      'or its TIME_WAIT'
    )
  })

  it.each([
    ['a churn that sometimes overtakes its own closes', 50, { churn: true, tuples: 1000 }, null],
    ['a churn that always overtakes its own closes', 200, { churn: true, tuples: 1000 }, 'warning'],
    ['a churn that meets them at tuples it had not used', 50, { churn: true, tuples: 64_512 }, 'info']
  ] as const)('judges %s', (_, established, scenario, severity) => {
    const verdict = explain(
      explaining({ run: run({ staleAnswers: { established } }), deltas: resets, scenario })
    )
    expect(verdict?.severity ?? null).toBe(severity)
  })

  it('counts handshakes cut off by the end as stuck only when they outnumber those that got through', () => {
    const severity = (established: number, pending: number) =>
      explain(explaining({ run: run({ staleAnswers: { established, pending } }), deltas: resets }))?.severity
    expect(severity(150, 20)).toBe('warning')
    expect(severity(20, 150)).toBe('critical')
  })

  it('is silent in a healthy run, in one that met TIME_WAITs, and beside a server', () => {
    expect(explain(explaining())).toBeNull()
    const timeWaits = { ...resets, ...rose({ 'TcpExt.PAWSTimewait': 200 }) }
    expect(explain(explaining({ run: met, peerIsHere: true, deltas: timeWaits }))).toBeNull()
    const challenged = rose({ 'TcpExt.TCPSYNChallenge': 50, 'Tcp.EstabResets': 50 })
    expect(explain(watching({ deltas: challenged }))).toBeNull()
  })
})

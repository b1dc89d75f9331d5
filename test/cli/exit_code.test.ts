import { describe, expect, it } from 'vitest'
import { dialExitCode, listenExitCode } from '../../lib/cli/exit_code.js'
import type { ErrorPhase, ErrorTally } from '../../lib/engine/engine.js'
import { exampleResult, noFailures } from '../helpers/example_result.js'

function errors(...failures: [ErrorPhase, string][]): ErrorTally[] {
  return failures.map(([phase, code]) => ({ phase, code, count: 1, example: '127.0.0.1:1024 > 127.0.0.1:9' }))
}

function dialed(requested: number, established: number, tallies: ErrorTally[] = []) {
  const connections = {
    requested,
    attempted: requested,
    established,
    failed: requested - established,
    peak: established,
    closedByPeer: 0,
    skippedPorts: 0
  }
  return {
    result: { ...exampleResult(), connections, errors: tallies, exchange: null, churn: null },
    interrupted: false,
    failed: false
  }
}

function talked(completed: number, tallies: ErrorTally[] = []) {
  const { result, ...ending } = dialed(10, 10, tallies)
  const exchange = { completed, failed: tallies.length, failures: noFailures, bytesSent: 0, bytesReceived: 0 }
  return { result: { ...result, exchange }, ...ending }
}

function churned(transactions: number, failed: number, tallies: ErrorTally[] = []) {
  const { result, ...ending } = dialed(10, transactions, tallies)
  const churn = {
    transactions,
    transactionsPerSecond: transactions,
    timeWait: { before: 0, peak: 0, after: 0 },
    endedEarly: false,
    tupleRestSeconds: null
  }
  return { result: { ...result, connections: { ...result.connections, failed }, churn }, ...ending }
}

describe('dialExitCode', () => {
  it('is 0 when all requested connections were established', () => {
    expect(dialExitCode(dialed(10, 10))).toBe(0)
  })

  it('is 0 when the goal was met despite errors', () => {
    expect(dialExitCode(dialed(10, 10, errors(['connect', 'ECONNREFUSED'])))).toBe(0)
  })

  it('is 5 when a --fail-if condition holds', () => {
    expect(dialExitCode({ ...dialed(10, 10), failed: true })).toBe(5)
  })

  it('is 5 when connections are missing without an error', () => {
    expect(dialExitCode(dialed(10, 9))).toBe(5)
  })

  it('is 5 when the peer closed connections that should be held', () => {
    const { result, ...ending } = dialed(10, 10)
    const connections = { ...result.connections, closedByPeer: 1 }
    const held = (holdMs: number) =>
      dialExitCode({
        ...ending,
        result: { ...result, connections, scenario: { ...result.scenario, holdMs } }
      })
    expect(held(1000)).toBe(5)
    expect(held(0)).toBe(0)
  })

  it('is 4 when connections are dead or unknown to the peer', () => {
    const { result, ...ending } = dialed(10, 10)
    const alive = (disproved: number) =>
      ({ by: 'probe', probed: 10, proven: 10 - disproved, disproved, unknown: 0 }) as const
    expect(dialExitCode({ ...ending, result: { ...result, alive: alive(1) } })).toBe(4)
    expect(dialExitCode({ ...ending, result: { ...result, alive: alive(0) } })).toBe(0)
    const unknown = { by: 'none', probed: 0, proven: 0, disproved: 0, unknown: 10 } as const
    expect(dialExitCode({ ...ending, result: { ...result, alive: unknown } })).toBe(0)
  })

  it.each<[ErrorPhase, string]>([
    ['socket', 'EMFILE'],
    ['socket', 'ENFILE'],
    ['socket', 'ENOMEM'],
    ['socket', 'ENOBUFS'],
    ['bind', 'EADDRNOTAVAIL'],
    ['connect', 'EADDRNOTAVAIL'],
    ['connect', 'ENOBUFS']
  ])('is 3 for %s %s', (phase, code) => {
    expect(dialExitCode(dialed(10, 9, errors([phase, code])))).toBe(3)
  })

  it.each<[ErrorPhase, string]>([
    ['connect', 'ECONNREFUSED'],
    ['connect', 'EHOSTUNREACH'],
    ['connect', 'ECONNRESET'],
    ['timeout', 'ETIMEDOUT']
  ])('is 4 for %s %s', (phase, code) => {
    expect(dialExitCode(dialed(10, 9, errors([phase, code])))).toBe(4)
  })

  it('blames this host before the target, because the target never saw the rest', () => {
    expect(dialExitCode(dialed(10, 5, errors(['connect', 'ECONNREFUSED'], ['socket', 'EMFILE'])))).toBe(3)
  })

  it('reports the cause rather than a --fail-if condition', () => {
    expect(dialExitCode({ ...dialed(10, 0, errors(['connect', 'ECONNREFUSED'])), failed: true })).toBe(4)
  })

  it('is 0 when each connection got its answer', () => {
    expect(dialExitCode(talked(10))).toBe(0)
    expect(dialExitCode(talked(600))).toBe(0)
  })

  it('is 5 when an answer is missing', () => {
    expect(dialExitCode(talked(9))).toBe(5)
    expect(dialExitCode(talked(600, errors(['exchange', 'EBADMSG'])))).toBe(5)
    expect(dialExitCode(talked(600, errors(['exchange', 'ETIMEDOUT'])))).toBe(5)
  })

  it('requires of a churn some transactions and no failure', () => {
    expect(dialExitCode(churned(5, 0))).toBe(0)
    expect(dialExitCode(churned(0, 0))).toBe(5)
    expect(dialExitCode(churned(1000, 1))).toBe(5)
    expect(dialExitCode(churned(1000, 0, errors(['exchange', 'ENODATA'])))).toBe(5)
    expect(dialExitCode(churned(1000, 1, errors(['connect', 'ECONNREFUSED'])))).toBe(4)
    expect(dialExitCode(churned(1000, 1, errors(['connect', 'EADDRNOTAVAIL'])))).toBe(3)
  })

  it('is 130 when interrupted, whatever the result', () => {
    expect(dialExitCode({ ...dialed(10, 10), interrupted: true, failed: true })).toBe(130)
    expect(dialExitCode({ ...dialed(10, 0, errors(['socket', 'EMFILE'])), interrupted: true })).toBe(130)
  })
})

describe('listenExitCode', () => {
  it('is 0 when its duration is over', () => {
    expect(listenExitCode({ errors: [], interrupted: false })).toBe(0)
  })

  it('is 3 when this host could not accept more connections', () => {
    expect(listenExitCode({ errors: errors(['socket', 'EMFILE']), interrupted: false })).toBe(3)
  })

  it('is 0 when only peers failed', () => {
    expect(listenExitCode({ errors: errors(['hold', 'ECONNRESET']), interrupted: false })).toBe(0)
  })

  it('is 130 when interrupted', () => {
    expect(listenExitCode({ errors: errors(['socket', 'EMFILE']), interrupted: true })).toBe(130)
  })
})

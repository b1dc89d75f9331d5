import { describe, expect, it } from 'vitest'
import { tupleShortage, tupleSpaceExhausted } from '../../../../lib/checks/causes/tuple_space_exhausted.js'
import { planNat } from '../../../../lib/scenario/nat.js'
import { explaining, linesOf, plateauSeries, predicting, run, tally } from '../fixtures.js'

const scenario = { tuples: 64_512, connections: 100_000 }
const usedUp = run({
  connections: { requested: 100_000, attempted: 64_512, established: 64_512, peak: 64_512 }
})

describe('explain', () => {
  it('names the shortage once all tuples were used', () => {
    const verdict = tupleSpaceExhausted.explain?.(explaining({ run: usedUp, scenario }))
    expect(verdict).toMatchObject({
      severity: 'critical',
      side: 'client',
      title: '64,512 4-tuples were too few for 100,000 connections',
      events: 35_488
    })
    expect(linesOf(verdict)[0]).toBe('# 2 times the source addresses, destination ports, or both:')
  })

  // Measured with tcp_timestamps=0: 67 of 100 connects fail while 33 tuples sit in TIME_WAIT.
  it('names TIME_WAITs that cannot be reused', () => {
    const blocked = run({
      connections: { requested: 100, attempted: 33, established: 33, skippedPorts: 67, peak: 33 }
    })
    const verdict = tupleSpaceExhausted.explain?.(
      explaining({
        run: blocked,
        scenario: { tuples: 100, connections: 100 },
        facts: { tcp: { timestamps: 0 } },
        counters: { 'Sockstat.TCP.tw': 67 }
      })
    )
    expect(verdict?.title).toContain('TIME_WAIT')
    expect(linesOf(verdict)[0]).toBe('sysctl -w net.ipv4.tcp_timestamps=1')
  })

  it('is silent for a run that ended before', () => {
    const early = run({ connections: { requested: 100_000, attempted: 5000, established: 5000 } })
    expect(tupleSpaceExhausted.explain?.(explaining({ run: early, scenario }))).toBeNull()
  })

  describe('for a plateau with unanswered SYNs', () => {
    const stuck = (held: number) =>
      run({
        connections: {
          requested: 100_000,
          attempted: held + 1770,
          established: held,
          failed: 1700,
          peak: held
        },
        errors: [tally('timeout', 'ETIMEDOUT', 1700)],
        series: plateauSeries(held)
      })
    const nat = (natPorts: string, natSources = 1) => planNat({ natPorts, natSources }, 1)

    it('guesses a limit at the size of a port range, and hides nothing', () => {
      expect(tupleSpaceExhausted.explain?.(explaining({ run: stuck(28_230) }))).toMatchObject({
        severity: 'info',
        side: 'path',
        title: expect.stringContaining('looks like a NAT'),
        explains: []
      })
    })

    it('names the described NAT at its number of ports', () => {
      const verdict = (held: number, described: ReturnType<typeof nat>) =>
        tupleSpaceExhausted.explain?.(explaining({ run: stuck(held), scenario: { nat: described } }))
      expect(verdict(100, nat('10000-10099'))).toMatchObject({ severity: 'critical', side: 'path' })
      expect(verdict(199, nat('10000-10099', 2))?.title).toBe(
        'connections stopped at 199: the NAT described has no more than 100 ports of 2 addresses for 1 destination'
      )
      expect(verdict(101, nat('10000-10099'))).toBeNull()
      expect(verdict(90, nat('10000-10099'))).toBeNull()
    })
  })
})

describe('tuple-space-exhausted in a churn', () => {
  const churn = {
    transactions: 1500,
    transactionsPerSecond: 500,
    timeWait: { before: 0, peak: 0, after: 0 },
    tupleRestSeconds: 0.2,
    endedEarly: false
  }
  const few = { tuples: 100, connections: 10 }
  const connections = { requested: 10, attempted: 1515, established: 1515, peak: 10, skippedPorts: 380 }

  it('is silent when other sockets hold tuples and nothing failed', () => {
    const outcome = run({ churn, connections })
    expect(tupleSpaceExhausted.explain?.(explaining({ run: outcome, scenario: few }))).toBeNull()
  })

  it('counts the tuples of other sockets when connection starts found none free', () => {
    const outcome = run({
      churn,
      connections: { ...connections, attempted: 1900, failed: 400, peak: 3, skippedPorts: 50_000 },
      errors: [tally('connect', 'EADDRNOTAVAIL', 400)]
    })
    expect(tupleSpaceExhausted.explain?.(explaining({ run: outcome, scenario: few }))).toMatchObject({
      severity: 'critical',
      title:
        'none of 100 4-tuples was free for 400 of 1,900 connection starts: other sockets hold about 97 of them',
      events: 400
    })
  })

  it('names TIME_WAITs of a peer without timestamps, and how to avoid them', () => {
    const outcome = run({
      churn: { ...churn, timeWait: { before: 0, peak: 100, after: 98 } },
      connections: { ...connections, attempted: 600, failed: 500, established: 100, skippedPorts: 50_000 },
      errors: [tally('connect', 'EADDRNOTAVAIL', 500)]
    })
    const verdict = tupleSpaceExhausted.explain?.(
      explaining({ run: outcome, scenario: few, counters: { 'Sockstat.TCP.tw': 98 } })
    )
    expect(verdict?.title).toContain('TIME_WAIT held up to 90 of them')
    expect(linesOf(verdict).slice(0, 2)).toEqual([
      'c1m-native dial --close rst ...',
      '# turn TCP timestamps on at the target: net.ipv4.tcp_timestamps'
    ])
  })

  it('names a space smaller than the connections to keep open', () => {
    const outcome = run({
      churn,
      connections: {
        ...connections,
        requested: 200,
        attempted: 900,
        failed: 700,
        peak: 100,
        skippedPorts: 90_000
      },
      errors: [tally('connect', 'EADDRNOTAVAIL', 700)]
    })
    const scenario = { tuples: 100, connections: 200 }
    expect(tupleSpaceExhausted.explain?.(explaining({ run: outcome, scenario }))?.title).toBe(
      '100 4-tuples are too few for 200 connections at a time'
    )
  })

  it('is silent for a missing source address', () => {
    const outcome = run({
      churn,
      connections: { ...connections, attempted: 500, established: 0, failed: 500, skippedPorts: 0 },
      errors: [tally('bind', 'EADDRNOTAVAIL', 20), tally('connect', 'EADDRNOTAVAIL', 480)]
    })
    expect(tupleShortage(explaining({ run: outcome, scenario: few }))).toBe(0)
  })
})

describe('tupleShortage', () => {
  it('subtracts the tuples that other sockets hold', () => {
    const outcome = run({ connections: { requested: 90, attempted: 80, established: 80, skippedPorts: 20 } })
    expect(tupleShortage(explaining({ run: outcome, scenario: { tuples: 100 } }))).toBe(10)
  })
})

it('tuple-space-exhausted is predicted with the number of connections that fit', () => {
  expect(
    tupleSpaceExhausted.predict?.(predicting({ needs: { tuples: 64_512, connections: 100_000 } }))
  ).toMatchObject({
    bindsAt: 64_512,
    events: 35_488
  })
})

it('tuple-space-exhausted offers the options that the scenario does not use yet', () => {
  const verdict = tupleSpaceExhausted.predict?.(
    predicting({
      needs: { tuples: 100, connections: 1000 },
      scenario: { sourcePorts: [[40_000, 40_099]] },
      facts: { ports: { reserved: [[8000, 8099]] } }
    })
  )
  expect(linesOf(verdict)).toContain('c1m-native dial --source-ports 1024-65535 ...')
  expect(linesOf(verdict).at(-1)).toBe(
    '# net.ipv4.ip_local_reserved_ports keeps 100 ports of each address back'
  )
})

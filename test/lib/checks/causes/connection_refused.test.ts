import { describe, expect, it } from 'vitest'
import { connectionRefused } from '../../../../lib/checks/causes/connection_refused.js'
import { explaining, linesOf, rose, run, tally } from '../fixtures.js'

const counted = (endpoint: string, established: number, failed: number) => ({
  target: endpoint,
  established,
  failed,
  closedByPeer: 0,
  exchangesFailed: 0
})
const refused = [tally('connect', 'ECONNREFUSED', 10_000)]

it('connection-refused says that nobody listens', () => {
  const outcome = run({ connections: { established: 0, failed: 10_000 }, errors: refused })
  const verdict = connectionRefused.explain?.(
    explaining({ run: outcome, deltas: rose({ 'Tcp.AttemptFails': 10_000 }) })
  )
  expect(verdict).toMatchObject({
    severity: 'critical',
    side: 'server',
    title: 'the target refused 10,000 connections: nobody listens there, or a firewall answers with RST'
  })
  expect(verdict?.evidence).toContainEqual({
    name: 'errors.connect.ECONNREFUSED',
    before: null,
    after: '10000 (198.18.10.1:1024 > 198.18.30.1:8100)'
  })
  expect(linesOf(verdict)).toContain('c1m-native listen 198.18.30.1:8100-8119')
})

it('connection-refused names the ports that nobody listens on', () => {
  const errors = [tally('connect', 'ECONNREFUSED', 5000)]
  const connections = { established: 5000, failed: 5000 }
  const closed = [counted('198.18.30.1:8101', 0, 2500), counted('198.18.30.1:8102', 0, 2500)]
  const open = counted('198.18.30.1:8100', 5000, 0)
  const titleOf = (targets: typeof closed) =>
    connectionRefused.explain?.(explaining({ run: run({ connections, errors, targets }) }))?.title
  expect(titleOf([...closed, open])).toBe(
    'the target refused 5,000 connections, 50 % of them: nobody listens on 198.18.30.1:8101 and 1 more, or a firewall answers with RST'
  )
  expect(titleOf([...closed, counted('198.18.30.1:8100', 5000, 9)])).toContain(
    'some ports have no listener, others allow no more connections'
  )
})

it('connection-refused says whether all or some connections were refused', () => {
  const outcome = run({
    connections: { established: 9500, failed: 500 },
    errors: [tally('connect', 'ECONNREFUSED', 500)]
  })
  expect(connectionRefused.explain?.(explaining({ run: outcome }))?.title).toContain(
    '500 connections, 5 % of them'
  )
})

it('connection-refused is not reported for a reset of the handshake', () => {
  const outcome = run({ errors: [tally('connect', 'ECONNRESET', 8)] })
  expect(connectionRefused.explain?.(explaining({ run: outcome }))).toBeNull()
})

describe('a port that accepts some connections and refuses others', () => {
  const some = (closedByPeer: number) =>
    run({
      connections: { requested: 300, attempted: 300, established: 100, failed: 200, closedByPeer },
      errors: [tally('connect', 'ECONNREFUSED', 200)],
      targets: [counted('198.18.30.1:8100', 100, 200), counted('198.18.30.1:8101', 9, 0)]
    })

  it('is said to have a limit', () => {
    expect(connectionRefused.explain?.(explaining({ run: some(0) }))?.title).toMatch(
      /^the target refused 200 connections to 198.18.30.1:8100, which accepted 100: a limit/
    )
  })

  it('is said to have lost its listener when open connections ended as well', () => {
    expect(connectionRefused.explain?.(explaining({ run: some(100) }))?.title).toMatch(
      /accepted 100 and ended 100 of them: its listener went away$/
    )
  })
})

describe('a firewall that refuses connections', () => {
  const all = run({ connections: { established: 0, failed: 10_000 }, errors: refused })
  const explain = (place: 'here' | 'target' | 'elsewhere', received: number) =>
    connectionRefused.explain?.(
      explaining({
        run: all,
        deltas: rose({ 'Icmp.InDestUnreachs': received }),
        rejections: {
          atOnce: 0,
          silentHop: null,
          icmp: [{ from: '198.18.9.9', version: 4, type: 3, code: 3, target: 'any', count: 9, place }]
        }
      })
    )

  it.each([
    ['here', 'client', /^a rule of this host's own firewall refused 10,000 connections: port unreachable/],
    ['target', 'server', /^a firewall on the target refused 10,000 connections: port unreachable/],
    ['elsewhere', 'path', /^198.18.9.9, a firewall on the way, refused 10,000 connections/]
  ] as const)('is recognized by its ICMP error: %s', (place, side, title) => {
    expect(explain(place, 10_000)).toMatchObject({ side, title: expect.stringMatching(title) })
  })

  it('is not blamed when ICMP explains only a few of the failures', () => {
    expect(explain('target', 9)?.title).toContain('nobody listens there')
  })

  it('on this host is recognized by SYNs that were not sent', () => {
    const counters = { 'Device.eth0.TxPackets': 7 }
    expect(connectionRefused.explain?.(explaining({ run: all, counters }))).toMatchObject({
      side: 'client',
      title: "a rule of this host's own firewall refused 10,000 connections: their SYNs were not sent"
    })
  })
})

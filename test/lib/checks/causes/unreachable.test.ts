import { describe, expect, it } from 'vitest'
import { unreachable } from '../../../../lib/checks/causes/unreachable.js'
import { command, sysctl } from '../../../../lib/checks/remedy.js'
import type { IcmpSender } from '../../../../lib/observe/icmp_senders.js'
import { explaining, linesOf, predicting, rose, run, tally } from '../fixtures.js'

const failing = (code: string, count = 500, timedOut = 0) =>
  run({
    connections: { attempted: 1000, established: 0, failed: count + timedOut },
    errors: [
      tally('connect', code, count),
      ...(timedOut === 0 ? [] : [tally('timeout', 'ETIMEDOUT', timedOut)])
    ]
  })
const atOnce = { atOnce: 500, icmp: [], silentHop: null }
const sent = (changes: Partial<IcmpSender>) => ({
  atOnce: 0,
  silentHop: null,
  icmp: [
    {
      from: '198.18.30.1',
      version: 4,
      type: 3,
      code: 13,
      target: '198.18.30.1:8100',
      count: 6,
      place: 'target' as const,
      ...changes
    }
  ]
})

describe('an error of connect(2)', () => {
  it.each([
    ['ENETUNREACH', 'this host has no route to the target', []],
    [
      'EHOSTUNREACH',
      'an unreachable route of this host says so',
      ['ip route show table all type unreachable']
    ],
    ['EACCES', 'a prohibit route or a security policy', ['ip route show table all type prohibit']],
    ['EINVAL', 'a blackhole route of this host', ['ip route show table all type blackhole']],
    ['EPERM', 'a security policy of this host forbids it', []]
  ])('with %s is attributed to this host', (code, reason, remedies) => {
    const verdict = unreachable.explain?.(explaining({ run: failing(code), rejections: atOnce }))
    expect(verdict).toMatchObject({ severity: 'critical', side: 'client', events: 500 })
    expect(verdict?.title).toContain(`500 connections failed with ${code}: ${reason}`)
    expect(linesOf(verdict)).toEqual(expect.arrayContaining(['ip route get 198.18.30.1', ...remedies]))
  })
})

describe('an ICMP error', () => {
  it.each([
    [
      'target',
      '198.18.30.1',
      'server',
      'the target itself rejects: administratively prohibited (ICMP type 3'
    ],
    ['elsewhere', '198.18.10.254', 'path', '198.18.10.254, a router or firewall on the way, rejects: admin'],
    [
      'here',
      '198.18.10.1',
      'client',
      "a rule of this host's own firewall rejects: administratively prohibited"
    ]
  ] as const)('is attributed to its sender: %s', (place, from, side, reason) => {
    const verdict = unreachable.explain?.(
      explaining({ run: failing('EHOSTUNREACH'), rejections: sent({ place, from }) })
    )
    expect(verdict).toMatchObject({ side })
    expect(verdict?.title).toContain(reason)
    expect(verdict?.evidence.map(({ name }) => name)).toContain(`icmp.${from}`)
  })

  it('explains timeouts when it came for every port, and no others', () => {
    const to = (target: string, failed: number) => ({
      target,
      established: 0,
      failed,
      closedByPeer: 0,
      exchangesFailed: 0
    })
    const outcome = (...targets: ReturnType<typeof to>[]) => ({
      ...failing('EHOSTUNREACH', 10, 990),
      targets
    })
    const rejections = sent({})
    const one8100 = to('198.18.30.1:8100', 1000)
    const all = unreachable.explain?.(explaining({ run: outcome(one8100), rejections }))
    expect(all).toMatchObject({ events: 1000 })
    expect(all?.title).toContain('990 more timed out')
    const both = outcome(one8100, to('198.18.30.1:8101', 9))
    const one = unreachable.explain?.(explaining({ run: both, rejections }))
    expect(one).toMatchObject({ events: 10, explains: [] })
  })

  it('without a sample is recognized by counters', () => {
    const explain = (deltas: ReturnType<typeof rose>) =>
      unreachable.explain?.(explaining({ run: failing('EHOSTUNREACH'), deltas }))
    expect(explain(rose({ 'Icmp.InDestUnreachs': 500 }))).toMatchObject({
      side: 'path',
      title: expect.stringContaining('the target, or a router or firewall on the way, says so by ICMP')
    })
    expect(explain(rose({ 'Icmp.InDestUnreachs': 500, 'Icmp.OutDestUnreachs': 500 }))).toMatchObject({
      title: expect.stringContaining('does not answer on the link, or a rule of this host rejects')
    })
    expect(explain({})?.title).toContain('neither a route of this host nor ICMP tells why')
  })
})

it('unreachable names a next hop that does not answer, also by timeouts alone', () => {
  const hop = { address: '198.18.10.9', device: 'eth0', target: '198.18.30.1', isOnlyWay: true }
  const timedOut = run({
    connections: { attempted: 500, established: 0, failed: 500 },
    errors: [tally('timeout', 'ETIMEDOUT', 500)]
  })
  const rejections = { atOnce: 0, icmp: [], silentHop: hop }
  expect(unreachable.explain?.(explaining({ run: timedOut, rejections }))).toMatchObject({
    side: 'path',
    title:
      '500 connections timed out: 198.18.10.9, the router to the target, does not answer on the link of eth0 (ARP)'
  })
  const some = { ...rejections, silentHop: { ...hop, isOnlyWay: false } }
  expect(unreachable.explain?.(explaining({ run: timedOut, rejections: some }))).toBeNull()
})

it('unreachable names a full neighbor table by the SYNs it costs', () => {
  const lossy = run({ retransmits: { syn: 400, connectionsWithSynRetry: 400 } })
  const deltas = rose({ 'Neigh4.table_fulls': 390, 'TcpExt.TCPRetransFail': 200 })
  expect(unreachable.explain?.(explaining({ run: lossy, deltas }))).toMatchObject({
    side: 'client',
    remedy: [sysctl('net.ipv4.neigh.default.gc_thresh3', 4096), expect.objectContaining({ kind: 'advice' })]
  })
  expect(unreachable.explain?.(explaining({ deltas }))).toBeNull()
})

it('unreachable ignores a neighbor table that was full for other connections', () => {
  const lossy = run({ retransmits: { syn: 400, connectionsWithSynRetry: 400 } })
  const deltas = rose({ 'Neigh4.table_fulls': 3900, 'TcpExt.TCPRetransFail': 3 })
  expect(unreachable.explain?.(explaining({ run: lossy, deltas }))).toBeNull()
})

it('unreachable reads the neighbor limit from the counters when the namespace has no sysctl for it', () => {
  const lossy = run({ retransmits: { syn: 400, connectionsWithSynRetry: 400 } })
  const verdict = unreachable.explain?.(
    explaining({
      run: lossy,
      deltas: rose({ 'Neigh4.table_fulls': 390, 'TcpExt.TCPRetransFail': 200 }),
      counters: { 'Neigh4.gc_thresh3': 2048 },
      facts: { network: { neighboursMaxV4: null } }
    })
  )
  expect(verdict).toMatchObject({
    title: expect.stringContaining('of the whole host'),
    evidence: [
      { name: 'Neigh4.table_fulls of the whole host' },
      { name: 'TcpExt.TCPRetransFail' },
      { name: 'net.ipv4.neigh.default.gc_thresh3', after: 2048 }
    ]
  })
  expect(linesOf(verdict)[0]).toBe('sysctl -w net.ipv4.neigh.default.gc_thresh3=8192')
})

it('unreachable predicts that a target without a route cannot be dialed', () => {
  expect(unreachable.predict?.(predicting())).toBeNull()
  const needs = { unroutedTargets: ['192.0.2.1', '192.0.2.2'] }
  expect(unreachable.predict?.(predicting({ needs }))).toMatchObject({
    title: 'this host has no route to 192.0.2.1 and 1 more',
    remedy: [command('ip route get 192.0.2.1')],
    bindsAt: 0
  })
})

it('unreachable is silent for a missing source address', () => {
  expect(unreachable.explain?.(explaining({ run: run({ errors: [tally('bind', 'EACCES', 5)] }) }))).toBeNull()
})

import { expect, it } from 'vitest'
import { unreachable } from '../../../../lib/checks/causes/unreachable.js'
import { command, sysctl } from '../../../../lib/checks/remedy.js'
import { explaining, linesOf, predicting, rose, run, tally } from '../fixtures.js'

it.each([
  ['ENETUNREACH', 'client', 'this host has no route to the target', 'ip neigh show'],
  ['EHOSTUNREACH', 'path', 'a router, or the missing answer of a neighbour', 'ip neigh show'],
  ['EPERM', 'client', 'a rule of this host forbids it', 'nft list ruleset']
] as const)('reads %s', (code, side, reason, second) => {
  const outcome = run({ errors: [tally('connect', code, 500)] })
  const verdict = unreachable.explain?.(explaining({ run: outcome, deltas: rose({ 'Ip.OutNoRoutes': 500 }) }))
  expect(verdict).toMatchObject({ side, events: 500 })
  expect(verdict?.title).toContain(`500 connections failed with ${code}: ${reason}`)
  expect(linesOf(verdict)).toEqual(['ip route get 198.18.30.1', second])
})

it('names a full neighbour table by the SYNs it costs', () => {
  const lossy = run({ retransmits: { syn: 400, connectionsWithSynRetry: 400 } })
  const deltas = rose({ 'Neigh4.table_fulls': 390, 'TcpExt.TCPRetransFail': 200 })
  expect(unreachable.explain?.(explaining({ run: lossy, deltas }))).toMatchObject({
    side: 'client',
    remedy: [sysctl('net.ipv4.neigh.default.gc_thresh3', 4096), expect.objectContaining({ kind: 'advice' })]
  })
  expect(unreachable.explain?.(explaining({ deltas }))).toBeNull()
})

it('leaves a neighbour table alone that was full for others', () => {
  const lossy = run({ retransmits: { syn: 400, connectionsWithSynRetry: 400 } })
  const deltas = rose({ 'Neigh4.table_fulls': 3900, 'TcpExt.TCPRetransFail': 3 })
  expect(unreachable.explain?.(explaining({ run: lossy, deltas }))).toBeNull()
})

it('reads the limit of neighbours where a namespace has no sysctl for it', () => {
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
  expect(linesOf(verdict).slice(0, 2)).toEqual([
    '# in the initial network namespace:',
    'sysctl -w net.ipv4.neigh.default.gc_thresh3=8192'
  ])
})

it('foresees that a target without a route is dialed in vain', () => {
  expect(unreachable.predict?.(predicting())).toBeNull()
  const needs = { unroutedTargets: ['192.0.2.1', '192.0.2.2'] }
  expect(unreachable.predict?.(predicting({ needs }))).toMatchObject({
    title: 'this host has no route to 192.0.2.1 and 1 more',
    remedy: [command('ip route get 192.0.2.1')],
    bindsAt: 0
  })
})

it('is not taken for a missing source address', () => {
  expect(unreachable.explain?.(explaining({ run: run({ errors: [tally('bind', 'EACCES', 5)] }) }))).toBeNull()
})

import { expect, it } from 'vitest'
import { peerClosed } from '../../../../lib/checks/causes/peer_closed.js'
import { explaining, rose, run, tally } from '../fixtures.js'

it('counts connections that did not last', () => {
  const outcome = run({ connections: { closedByPeer: 2500 }, errors: [tally('hold', 'ECONNRESET', 40)] })
  expect(
    peerClosed.explain?.(explaining({ run: outcome, deltas: rose({ 'Tcp.EstabResets': 40 }) }))
  ).toMatchObject({
    severity: 'critical',
    side: 'server',
    title: 'the peer closed 2,500 of 10,000 connections (25 %) that were to be held, some by reset',
    events: 2500
  })
})

it('counts handshakes that were reset', () => {
  const outcome = run({
    connections: { established: 9992, failed: 8 },
    errors: [tally('connect', 'ECONNRESET', 8)]
  })
  expect(peerClosed.explain?.(explaining({ run: outcome }))?.title).toMatch(/^the peer reset 8 handshakes/)
})

it('expects connections to end in a run that churns', () => {
  const outcome = run({
    connections: { closedByPeer: 2500 },
    churn: {
      transactions: 5,
      transactionsPerSecond: 1,
      timeWait: { before: 0, peak: 0, after: 0 },
      endedEarly: false,
      tupleRestSeconds: null
    }
  })
  expect(peerClosed.explain?.(explaining({ run: outcome }))).toBeNull()
})

import { describe, expect, it } from 'vitest'
import { phantomEstablished } from '../../../../lib/checks/causes/phantom_established.js'
import { explaining, rose, run } from '../fixtures.js'

// Measured: backlog 10 full with 11, and 8 more whose final ACK found no room: ListenOverflows 51, TCPSynRetrans 21.
const measured = run({ connections: { requested: 19, attempted: 19, established: 19, peak: 19 } })
const counted = rose({ 'TcpExt.ListenOverflows': 51, 'TcpExt.TCPSynRetrans': 21 })
const server = { standing: 11, queued: 11, missing: 8 }

it('counts connections that only the client believes in', () => {
  expect(
    phantomEstablished.explain?.(explaining({ run: measured, deltas: counted, peerIsHere: true, server }))
  ).toMatchObject({
    severity: 'critical',
    side: 'server',
    title: '8 of 19 connections are established for the client only: the server dropped their final ACK',
    events: 8
  })
})

it('sees them from afar by the SYN-ACKs that come again', () => {
  const census = { sockets: 19, repeatedSynAcks: 8 }
  expect(phantomEstablished.explain?.(explaining({ run: measured, census }))).toMatchObject({ events: 8 })
})

describe('is silent', () => {
  it.each([
    ['unless final ACKs were dropped', {}, server],
    [
      'of a listener that defers accepting',
      { 'TcpExt.ListenOverflows': 51, 'TcpExt.TCPDeferAcceptDrop': 8 },
      server
    ],
    [
      'when the server has them all',
      { 'TcpExt.ListenOverflows': 51 },
      { standing: 19, queued: 0, missing: 0 }
    ],
    ['when the server cannot be asked', { 'TcpExt.ListenOverflows': 51 }, null]
  ])('%s', (_, deltas, view) => {
    expect(
      phantomEstablished.explain?.(
        explaining({ run: measured, deltas: rose(deltas), peerIsHere: true, server: view })
      )
    ).toBeNull()
  })
})

it('counts what no listener here has made a socket of, in a churn that awaits no answer', () => {
  const churn = {
    transactions: 90,
    transactionsPerSecond: 30,
    timeWait: { before: 0, peak: 0, after: 0 },
    endedEarly: false,
    tupleRestSeconds: null
  }
  const context = explaining({
    run: run({ churn, connections: { established: 100 } }),
    peerIsHere: true,
    deltas: rose({ 'TcpExt.ListenOverflows': 500, 'Tcp.PassiveOpens': 79 }),
    closing: rose({ 'Tcp.PassiveOpens': 3 })
  })
  expect(phantomEstablished.explain?.(context)?.title).toMatch(/^18 of 100 connections are established/)
  expect(phantomEstablished.explain?.({ ...context, peerIsHere: false })).toBeNull()
})

import { describe, expect, it } from 'vitest'
import { phantomEstablished } from '../../../../lib/checks/causes/phantom_established.js'
import { unproven } from '../../../../lib/observe/proof_view.js'
import { explaining, linesOf, rose, run } from '../fixtures.js'

// Measured: backlog 10 full with 11, and 8 more whose final ACK found no room: ListenOverflows 51, TCPSynRetrans 21.
const measured = run({ connections: { requested: 19, attempted: 19, established: 19, peak: 19 } })
const counted = rose({ 'TcpExt.ListenOverflows': 51, 'TcpExt.TCPSynRetrans': 21 })
const server = { standing: 11, queued: 11, halfOpen: 8, missing: 8 }
const proof = { ...unproven, by: 'probe' as const, probed: 19, of: 19, proven: 11 }

type Observed = Parameters<typeof explaining>[0]
const explained = (observed: Observed) =>
  phantomEstablished.explain?.(explaining({ run: measured, ...observed })) ?? null

describe('phantom-established with the listener on this host', () => {
  it('blames the accept queue when it overflowed as often', () => {
    const verdict = explained({ deltas: counted, peerIsHere: true, server })
    expect(verdict).toMatchObject({
      severity: 'critical',
      side: 'server',
      title: '8 of 19 connections are established for the client only: the server dropped their final ACK',
      events: 8
    })
    expect(linesOf(verdict)).toContain('sysctl -w net.core.somaxconn=65535')
  })

  it('does not blame it when the listener has room and waits for ACKs', () => {
    const deltas = rose({ 'TcpExt.TCPSYNChallenge': 16 })
    const verdict = explained({ deltas, peerIsHere: true, server })
    expect(verdict?.title).toBe(
      '8 of 19 connections are established for the client only: their final ACK never reached the listener, whose queue has room'
    )
    expect(linesOf(verdict).filter((line) => !line.startsWith('#'))).toEqual([])
  })

  it('does not blame it for fewer overflows than missing connections', () => {
    const deltas = rose({ 'TcpExt.ListenOverflows': 1 })
    expect(explained({ deltas, peerIsHere: true, server })?.title).toMatch(/never reached the listener/)
    expect(explained({ deltas, peerIsHere: true, server: { ...server, halfOpen: 0 } })).toMatchObject({
      events: 1
    })
  })
})

describe('phantom-established with the listener on another host', () => {
  it('counts repeated SYN-ACKs, and leaves open what lost the ACK', () => {
    const census = { sockets: 19, repeatedSynAcks: 8, healedSynAcks: 0 }
    const verdict = explained({ census })
    expect(verdict).toMatchObject({ severity: 'critical', events: 8 })
    expect(verdict?.title).toBe(
      '8 of 19 connections are established for the client only: the server never took their final ACK, and sends its SYN-ACK again and again'
    )
    expect(linesOf(verdict).filter((line) => !line.startsWith('#'))).toEqual([])
    expect(linesOf(verdict).join()).toMatch(/ListenOverflows.*conntrack state INVALID/)
  })

  it('is silent when most have healed, because then ACKs are lost only at random', () => {
    expect(explained({ census: { sockets: 19, repeatedSynAcks: 2, healedSynAcks: 8 } })).toBeNull()
  })

  it('extrapolates a sample', () => {
    const sampled = { ...proof, probed: 1000, of: 10_000, proven: 800, repeating: 200 }
    expect(explained({ run: run(), proof: sampled })).toMatchObject({
      title: expect.stringMatching(/^about 2,000 of 10,000 connections are established for the client only/),
      events: 2000
    })
  })

  it('counts connections that the peer resets when they are probed', () => {
    const sampled = { ...proof, probed: 1000, of: 10_000, proven: 900, unknownToPeer: 100 }
    expect(explained({ run: run(), proof: sampled })?.title).toBe(
      '100 of 1,000 connections that were probed are established for the client only: the peer reset them, because it has never taken them; of all 10,000 that would be about 1,000'
    )
    expect(explained({ proof: { ...proof, proven: 11, unknownToPeer: 3, repeating: 5 } })).toMatchObject({
      title: expect.stringMatching(
        /^8 of 19 .*: the peer reset 3, because .*, and sends the SYN-ACK of 5 again/
      ),
      events: 8
    })
  })

  it('gives an upper bound when only a counter is known', () => {
    const deltas = rose({ 'TcpExt.TCPSYNChallenge': 16 })
    expect(explained({ deltas })).toMatchObject({
      severity: 'info',
      title: expect.stringMatching(/^up to 16 of 19 connections look established for the client only/),
      events: 16
    })
    expect(explained({ run: run(), deltas })).toBeNull()
    // A better source is available.
    expect(explained({ deltas, proof })).toBeNull()
    expect(explained({ deltas, census: { sockets: 19, repeatedSynAcks: 0, healedSynAcks: 16 } })).toBeNull()
  })
})

describe('phantom-established is silent', () => {
  it.each([
    ['when no final ACK is missing', {}, { ...server, halfOpen: 0 }],
    [
      'about a listener that defers accepting',
      { 'TcpExt.ListenOverflows': 51, 'TcpExt.TCPDeferAcceptDrop': 8 },
      server
    ],
    [
      'when the server has them all',
      { 'TcpExt.ListenOverflows': 51 },
      { standing: 19, queued: 0, halfOpen: 0, missing: 0 }
    ],
    ['when the server cannot be inspected', { 'TcpExt.ListenOverflows': 51 }, null]
  ])('%s', (_, deltas, view) => {
    expect(explained({ deltas: rose(deltas), peerIsHere: true, server: view })).toBeNull()
  })

  it('when all connections were proven alive, or none was probed', () => {
    expect(explained({ proof: { ...proof, proven: 19 } })).toBeNull()
    expect(explained({ proof: { ...unproven, of: 19 } })).toBeNull()
  })
})

it('phantom-established counts the missing sockets of a listener on this host in a churn that expects no answer', () => {
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

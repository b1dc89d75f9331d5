import { describe, expect, it } from 'vitest'
import { peerClosed } from '../../../../lib/checks/causes/peer_closed.js'
import { type Endings, noEndings } from '../../../../lib/checks/context.js'
import { ended, explaining, linesOf, rose, run, talking, tally } from '../fixtures.js'

const at = (seconds: number) => ({
  quietP10Ns: seconds * 1e9,
  quietP50Ns: seconds * 1e9,
  quietP90Ns: seconds * 1.02e9
})

function held(early: Endings['early'], changes: Parameters<typeof explaining>[0] = {}) {
  return peerClosed.explain?.(
    explaining({
      run: run({ connections: { closedByPeer: 2500 } }),
      endings: { ...noEndings, early },
      ...changes
    })
  )
}

describe('peer-closed', () => {
  it('counts connections that did not last', () => {
    const verdict = held([ended('heldClosed', 2460, at(3)), ended('heldReset', 40)], {
      deltas: rose({ 'Tcp.EstabResets': 40 })
    })
    expect(verdict).toMatchObject({
      severity: 'critical',
      side: 'server',
      title:
        'the peer closed 2,500 of 10,000 connections (25 %) that were to be held, 40 by reset, each after 3.0 s without data: an idle timeout of the server, a proxy or a balancer',
      events: 2500
    })
  })

  it('leaves open whether it was an idle timeout when all connections were opened at the same time', () => {
    const verdict = held([ended('heldClosed', 2500, at(3))], {
      run: run({ connections: { closedByPeer: 2500 }, timing: { dialSeconds: 0.1 } })
    })
    expect(verdict?.title).toMatch(/, or a restart, for all were opened at the same time$/)
  })

  it('says that the server has ended when it refuses a new connection', () => {
    const early = [ended('heldClosed', 2500, at(3))]
    const verdict = held([], { endings: { ...noEndings, early, fresh: 'refused' } })
    expect(verdict?.title).toMatch(/, and refuses new ones: its process has ended$/)
  })

  it('recognizes a limit by connections closed at once, and a server that keeps none', () => {
    expect(held([ended('heldClosed', 2500, at(0.01))])?.title).toMatch(
      /, at once: it has reached a limit, or refuses the client$/
    )
    expect(held([ended('heldClosed', 2500, { ...at(0.01), first: 0 })])?.title).toMatch(
      /, right after an answer$/
    )
  })

  it('offers tcp_abort_on_overflow only when no data came before the reset', () => {
    const offers = (early: Endings['early']) => linesOf(held(early)).join().includes('tcp_abort_on_overflow')
    expect(offers([ended('heldReset', 2500, { ...at(0.01), unheard: 2500 })])).toBe(true)
    expect(offers([ended('heldReset', 2500, at(5))])).toBe(false)
    expect(offers([ended('heldClosed', 2500, { ...at(0.01), unheard: 2500 })])).toBe(false)
  })

  it('counts handshakes that were reset', () => {
    const outcome = run({
      connections: { established: 9992, failed: 8 },
      errors: [tally('connect', 'ECONNRESET', 8)]
    })
    expect(peerClosed.explain?.(explaining({ run: outcome }))?.title).toMatch(/^the peer reset 8 handshakes/)
  })

  it('counts closes instead of answers, and suggests a middlebox when exchanges worked before', () => {
    expect(peerClosed.explain?.(talking([ended('closed', 200, at(0.01))]))?.title).toBe(
      'the peer closed the connection of 200 of 10,000 exchanges instead of answering, at once: it has reached a limit, refuses the client or does not understand the message'
    )
    expect(peerClosed.explain?.(talking([ended('closed', 200, { ...at(0.01), first: 0 })]))?.title).toMatch(
      /instead of answering, as soon as another message came$/
    )
    expect(peerClosed.explain?.(talking([ended('cutOff', 200, { first: 0 })]))?.title).toBe(
      'the peer reset the connection of 200 of 10,000 exchanges instead of answering: the peer, or a middlebox that has lost its state, at the next packet'
    )
  })

  it('leaves out connections that a device on the path forgot', () => {
    const early = [ended('cutOff', 200, { first: 0 })]
    const context = talking(early, { endings: { ...noEndings, early, fresh: 'answered' } })
    expect(peerClosed.explain?.({ ...context, run: talking(early).run })).toBeNull()
  })

  it('is silent in a churn, whose connections are meant to end', () => {
    const churn = {
      transactions: 5,
      transactionsPerSecond: 1,
      timeWait: { before: 0, peak: 0, after: 0 },
      endedEarly: false,
      tupleRestSeconds: null
    }
    expect(peerClosed.explain?.(explaining({ run: run({ churn }) }))).toBeNull()
  })
})

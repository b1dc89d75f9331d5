import { expect, it } from 'vitest'
import { connectionRefused } from '../../../../lib/checks/causes/connection_refused.js'
import { explaining, linesOf, rose, run, tally } from '../fixtures.js'

const refused = [tally('connect', 'ECONNREFUSED', 10_000)]

it('says that nobody listens', () => {
  const outcome = run({ connections: { established: 0, failed: 10_000 }, errors: refused })
  const verdict = connectionRefused.explain?.(
    explaining({ run: outcome, deltas: rose({ 'Tcp.AttemptFails': 10_000 }) })
  )
  expect(verdict).toMatchObject({
    severity: 'critical',
    side: 'server',
    title: 'the target refused 10,000 connections: nobody listens there'
  })
  expect(verdict?.evidence).toContainEqual({
    name: 'errors.connect.ECONNREFUSED',
    before: null,
    after: '10000 (198.18.10.1:1024 > 198.18.30.1:8100)'
  })
  expect(linesOf(verdict)).toContain('c1m-native listen 198.18.30.1:8100-8119')
})

it('tells a part from all', () => {
  const outcome = run({
    connections: { established: 9500, failed: 500 },
    errors: [tally('connect', 'ECONNREFUSED', 500)]
  })
  expect(connectionRefused.explain?.(explaining({ run: outcome }))?.title).toContain(
    '500 connections, 5 % of them'
  )
})

it('is not taken for a reset of the handshake', () => {
  const outcome = run({ errors: [tally('connect', 'ECONNRESET', 8)] })
  expect(connectionRefused.explain?.(explaining({ run: outcome }))).toBeNull()
})

import { expect, it } from 'vitest'
import type { CensusColumns } from '../../../lib/engine/census.js'
import { censusView } from '../../../lib/observe/census_summary.js'

interface Socket {
  segsIn: number
  ageMs: number
  sinceAckMs?: number
  probeAnswers?: number
  received?: number
}

/** Established connections on which nothing was sent. */
function columns(sockets: Socket[]): CensusColumns {
  const of = (value: (socket: Socket) => number) => Uint32Array.from(sockets, value)
  return {
    state: Uint8Array.from(sockets, () => 1),
    segsIn: of(({ segsIn }) => segsIn),
    unacked: of(() => 0),
    bytesReceived: Float64Array.from(sockets, ({ received = 0 }) => received),
    bytesSent: Float64Array.from(sockets, () => 0),
    options: new Uint8Array(sockets.length),
    sinceDataReceivedMs: of(({ ageMs }) => ageMs),
    sinceAckReceivedMs: of(({ ageMs, sinceAckMs = ageMs }) => sinceAckMs),
    probeAnswers: Uint8Array.from(sockets, ({ probeAnswers = 0 }) => probeAnswers)
  } as unknown as CensusColumns
}

const counted = (delta: number) => ({ 'TcpExt.TCPSYNChallenge': { before: 0, after: delta, delta } })

it.each<[string, Socket, number | null, { repeatedSynAcks: number; healedSynAcks: number }]>([
  ['undisturbed', { segsIn: 1, ageMs: 10_000 }, null, { repeatedSynAcks: 0, healedSynAcks: 0 }],
  ['half-open at the server', { segsIn: 4, ageMs: 10_000 }, null, { repeatedSynAcks: 1, healedSynAcks: 0 }],
  ['healed', { segsIn: 2, ageMs: 10_000 }, null, { repeatedSynAcks: 0, healedSynAcks: 1 }],
  ['probed', { segsIn: 4, ageMs: 10_000, probeAnswers: 3 }, null, { repeatedSynAcks: 0, healedSynAcks: 0 }],
  ['kept alive', { segsIn: 6, ageMs: 10_000, sinceAckMs: 0 }, 2000, { repeatedSynAcks: 0, healedSynAcks: 0 }],
  [
    'exchanging data',
    { segsIn: 9, ageMs: 10_000, received: 5 },
    null,
    { repeatedSynAcks: 0, healedSynAcks: 0 }
  ]
])('census summary: a connection that is %s is recognized', (_, socket, keepaliveMs, expected) => {
  expect(censusView(columns([socket]), counted(10), keepaliveMs)).toMatchObject({ sockets: 1, ...expected })
})

it('census summary: segments count as SYN-ACKs only up to the number the kernel has counted', () => {
  const proxied = Array.from({ length: 100 }, () => ({ segsIn: 4, ageMs: 6000 }))
  expect(censusView(columns(proxied), counted(100), null)).toMatchObject({
    repeatedSynAcks: 0,
    healedSynAcks: 0
  })
  expect(censusView(columns(proxied), counted(300), null)).toMatchObject({ repeatedSynAcks: 100 })
})

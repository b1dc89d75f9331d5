/** What a census amounts to. */
import type { CensusColumns } from '../engine/census.js'
import type { Latency } from '../engine/latency.js'
import { native } from '../engine/native.js'
import { type CounterChanges, movedBy } from '../host/counters.js'
import { tcpOptions, tcpStates } from '../net/tcp_names.js'
import type { CensusSummary } from '../result/result.js'

/** What a census of our own sockets says. */
export interface CensusView {
  /** Established sockets read. */
  sockets: number
  /** Of these, without data received and with a SYN-ACK that came again: the peer still waits for our ACK. */
  repeatedSynAcks: number
}

/** The columns, and what is known of how they were filled. */
export interface CensusTaken extends CensusColumns {
  readonly missing: number
  readonly tookMs: number
}

/** Counts and distributions over the connections of a census. */
export function summarizeCensus(census: CensusTaken): CensusSummary {
  const { state, options, sndMss, bytesReceived, bytesSent, unacked, totalRto, totalRtoTimeMs } = census
  return {
    connections: state.length,
    missing: census.missing,
    seconds: Number((census.tookMs / 1000).toFixed(3)),
    states: statesOf(state),
    rtt: distribution(census.rttUs),
    minRtt: distribution(census.minRttUs.filter((us) => us > 0)),
    options: {
      timestamps: withBit(options, tcpOptions.timestamps),
      sack: withBit(options, tcpOptions.sack),
      windowScaling: withBit(options, tcpOptions.windowScaling),
      ecn: withBit(options, tcpOptions.ecn)
    },
    sndMss: sndMss.length === 0 ? null : { min: smallest(sndMss), max: largest(sndMss) },
    bytesReceived: sum(bytesReceived),
    bytesSent: bytesSent && sum(bytesSent),
    retransmits: laterRetransmits(census),
    unacknowledged: positive(unacked),
    timeouts: totalRto &&
      totalRtoTimeMs && {
        connections: positive(totalRto),
        total: sum(totalRto),
        longestMs: largest(totalRtoTimeMs)
      }
  }
}

/** Segments sent again once connections stood, and connections with any. */
export function laterRetransmits({
  totalRetransmits,
  synRetries,
  bytesSent
}: Pick<CensusColumns, 'totalRetransmits' | 'synRetries' | 'bytesSent'>): CensusSummary['retransmits'] {
  const most = native().mostSynRetries
  let segments = 0
  let connections = 0
  for (const [i, total] of totalRetransmits.entries()) {
    if (total === 0) continue
    const syn = synRetries[i] ?? 0
    // The largest count means that many or more; a connection that never sent a byte has only SYNs to send again.
    const later = syn === most && bytesSent?.[i] === 0 ? 0 : Math.max(0, total - syn)
    segments += later
    if (later > 0) connections++
  }
  return { segments, connections }
}

const established = tcpStates.indexOf('ESTABLISHED')

/** Repeats of a SYN-ACK, from which on a lost ACK is no likely explanation any more. */
const leastRepeats = 2

/** What checks look at. */
export function censusView(census: CensusColumns, deltas: CounterChanges): CensusView {
  return {
    sockets: census.state.reduce((count, state) => count + (state === established ? 1 : 0), 0),
    repeatedSynAcks: repeatedSynAcks(census, movedBy(deltas, 'TcpExt.TCPSYNChallenge'))
  }
}

/**
 * Established connections on which nothing was said and whose SYN-ACK came again and again: the peer still waits for
 * our ACK, and does not know the connection. The second repeat comes about three seconds after the handshake.
 * @param challenges how far TcpExt.TCPSYNChallenge moved: each such SYN-ACK counts there, a keepalive probe does not
 */
function repeatedSynAcks(
  { state, bytesReceived, segsIn, unacked }: CensusColumns,
  challenges: number
): number {
  let count = 0
  for (let i = 0; i < state.length; i++) {
    if (state[i] !== established || bytesReceived[i] !== 0 || unacked[i] !== 0) continue
    if ((segsIn[i] ?? 0) > leastRepeats) count++
  }
  return Math.min(count, Math.floor(challenges / leastRepeats))
}

function statesOf(state: Uint8Array): Record<string, number> {
  const counts = new Array<number>(tcpStates.length).fill(0)
  for (const number of state) counts[number] = (counts[number] ?? 0) + 1
  return Object.fromEntries(tcpStates.flatMap((name, i) => (counts[i] ? [[name, counts[i]]] : [])))
}

function distribution(values: Uint32Array): Latency {
  const sorted = values.slice().sort()
  const count = sorted.length
  const at = (share: number) => sorted[Math.min(count - 1, Math.floor(count * share))] ?? 0
  return {
    unit: 'us',
    count,
    mean: count === 0 ? 0 : Math.round((sum(sorted) / count) * 10) / 10,
    p50: at(0.5),
    p90: at(0.9),
    p99: at(0.99),
    p999: at(0.999),
    max: sorted[count - 1] ?? 0
  }
}

function withBit(options: Uint8Array, bit: number): number {
  let count = 0
  for (const bits of options) if ((bits & bit) !== 0) count++
  return count
}

function positive(values: Uint32Array | Uint16Array): number {
  let count = 0
  for (const value of values) if (value > 0) count++
  return count
}

function smallest(values: Uint32Array): number {
  let least = Number.POSITIVE_INFINITY
  for (const value of values) if (value < least) least = value
  return least
}

function largest(values: Uint32Array): number {
  let most = 0
  for (const value of values) if (value > most) most = value
  return most
}

function sum(values: Float64Array | Uint32Array | Uint16Array): number {
  let total = 0
  for (const value of values) total += value
  return total
}

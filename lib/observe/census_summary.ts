/** Summarizes a census. */
import type { CensusColumns } from '../engine/census.js'
import type { Latency } from '../engine/latency.js'
import { native } from '../engine/native.js'
import { type CounterChanges, movedBy } from '../host/counters.js'
import { tcpOptions, tcpStates } from '../net/tcp_names.js'
import type { CensusSummary } from '../result/census_result.js'
import { areRepeats, readRepeats } from './syn_ack_repeats.js'

/** Evidence that a census of the run's own sockets gives the checks. */
export interface CensusView {
  /** Established sockets read. */
  sockets: number
  /** Of these, sockets without data whose SYN-ACK arrives repeatedly: the peer still waits for our ACK. */
  repeatedSynAcks: number
  /** Of these, sockets without data whose SYN-ACK was repeated but no longer is: the peer has received our ACK. */
  healedSynAcks: number
  /** Of these, sockets that negotiated neither SACK nor window scaling. */
  withoutOptions?: number
}

/** The columns of a census, the number of connections it missed, and how long it took. */
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

/** Segments retransmitted after the handshake, and connections with any. */
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
    // synRetries saturates; a connection that never sent a byte can only have retransmitted SYNs.
    const later = syn === most && bytesSent?.[i] === 0 ? 0 : Math.max(0, total - syn)
    segments += later
    if (later > 0) connections++
  }
  return { segments, connections }
}

const established = tcpStates.indexOf('ESTABLISHED')

/**
 * The evidence of a census for the checks.
 * @param keepaliveMs period of the kernel's keepalive probes; null: the kernel sends none
 */
export function censusView(
  census: CensusColumns,
  deltas: CounterChanges,
  keepaliveMs: number | null
): CensusView {
  const { goingOn, healed, segments } = synAckRepeats(census, keepaliveMs)
  const areSynAcks = areRepeats(segments, movedBy(deltas, 'TcpExt.TCPSYNChallenge'))
  return {
    sockets: census.state.reduce((count, state) => count + (state === established ? 1 : 0), 0),
    repeatedSynAcks: areSynAcks ? goingOn : 0,
    healedSynAcks: areSynAcks ? healed : 0,
    withoutOptions: withoutOptions(census)
  }
}

function withoutOptions({ state, options }: CensusColumns): number {
  const either = tcpOptions.sack | tcpOptions.windowScaling
  return state.reduce(
    (count, number, i) => count + (number === established && ((options[i] ?? either) & either) === 0 ? 1 : 0),
    0
  )
}

/**
 * Counts established connections that carried no data and whose SYN-ACK was repeated. A repeated SYN-ACK changes no time in
 * TCP_INFO, only the number of received segments (measured). Answers to probes count there too and are subtracted.
 */
function synAckRepeats(
  census: CensusColumns,
  keepaliveMs: number | null
): {
  goingOn: number
  healed: number
  segments: number
} {
  const { state, bytesReceived, bytesSent, segsIn, unacked, sinceDataReceivedMs, sinceAckReceivedMs } = census
  const counts = { goingOn: 0, healed: 0, segments: 0 }
  for (let i = 0; i < state.length; i++) {
    if (state[i] !== established || bytesReceived[i] !== 0 || bytesSent?.[i] || unacked[i] !== 0) continue
    // The connection has carried no data, so this time is its age.
    const ageMs = sinceDataReceivedMs[i] ?? 0
    const heardMs = ageMs - (sinceAckReceivedMs[i] ?? 0)
    const kept = keepaliveMs === null ? 0 : Math.floor(heardMs / keepaliveMs)
    const answers = Math.max(kept, census.probeAnswers[i] ?? 0)
    const repeats = Math.max(0, (segsIn[i] ?? 0) - 1 - answers)
    counts.segments += repeats
    const meaning = readRepeats(repeats, ageMs)
    if (meaning === 'go on') counts.goingOn++
    if (meaning === 'healed') counts.healed++
  }
  return counts
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

/** TCP_INFO of many connections in columns: one typed array per field instead of one object per connection. */

import { checkWhole } from '../base/check_option.js'
import { formatEndpoint } from '../net/address.js'
import { addressOf } from '../net/address_bytes.js'
import type { Engine } from './engine.js'
import { native } from './native.js'
import type { NativeCensus } from './native_run.js'

/**
 * TCP_INFO of each connection; index i is the same connection in every column. A column is null if this kernel does not
 * report its field.
 */
export interface CensusColumns {
  /** Source address: 16 bytes per connection, IPv4 mapped into IPv6. See {@link Census.source}. */
  readonly sourceAddress: Uint8Array
  readonly sourcePort: Uint16Array
  /** Index of the target among all targets of the run. See {@link Census.target}. */
  readonly targetIndex: Uint32Array
  /** TCP state, an index into `tcpStates`; 1 is established. */
  readonly state: Uint8Array
  /** Negotiated options, bits of `tcpOptions`. */
  readonly options: Uint8Array
  /** Window scale of the peer, and of this side; 0 without window scaling. */
  readonly sndWscale: Uint8Array
  readonly rcvWscale: Uint8Array
  /** SYNs retransmitted before the connection was established; 7 means 7 or more. */
  readonly synRetries: Uint8Array
  /**
   * Segments retransmitted in the connection's life, SYNs included, because the kernel keeps one number. Subtract
   * `synRetries` to get the later retransmissions.
   */
  readonly totalRetransmits: Uint32Array
  /** Smoothed round-trip time and its mean deviation, in microseconds. */
  readonly rttUs: Uint32Array
  readonly rttVarUs: Uint32Array
  /** Smallest round-trip time of the last five minutes (`tcp_min_rtt_wlen`), in microseconds; 0: not measured. */
  readonly minRttUs: Uint32Array
  /** Segments sent and not acknowledged. */
  readonly unacked: Uint32Array
  /** Bytes in the send buffer that have not been sent. */
  readonly notSentBytes: Uint32Array
  /** Segments received and sent, with or without data, SYN-ACK and SYN included. */
  readonly segsIn: Uint32Array
  readonly segsOut: Uint32Array
  /** Largest segment that this side sends, in bytes. */
  readonly sndMss: Uint32Array
  /** Congestion window, in segments. */
  readonly sndCwnd: Uint32Array
  readonly bytesReceived: Float64Array
  /** Bytes sent, retransmissions included. Since Linux 4.19. */
  readonly bytesSent: Float64Array | null
  /** Latest goodput, in bytes per second; 0: not measured. */
  readonly deliveryBytesPerSecond: Float64Array
  /** Milliseconds since the last data arrived, or since the handshake if none has arrived. */
  readonly sinceDataReceivedMs: Uint32Array
  /** Milliseconds since the last ACK arrived, or since the handshake if none has arrived after it. */
  readonly sinceAckReceivedMs: Uint32Array
  /** Segments received in answer to the run's own probes, which test whether a connection is alive. */
  readonly probeAnswers: Uint8Array
  /** Number of retransmission timeouts, those of SYNs included, and the total time to recover from them. Since Linux 6.7. */
  readonly totalRto: Uint16Array | null
  readonly totalRtoTimeMs: Uint32Array | null
}

/** TCP_INFO of every open connection of a run, read at nearly the same moment. */
export interface Census extends CensusColumns {
  /** Connections read. */
  readonly length: number
  /** Connections that were open at the start and could not be read: they were closed, or the run ended meanwhile. */
  readonly missing: number
  /** How long the census took, in milliseconds. */
  readonly tookMs: number
  /** Source of connection `index` (from 0), as `address:port`. Throws C1mError C1M_OPTION_INVALID if it is out of range. */
  source(index: number): string
  /** Target of connection `index` (from 0), as `address:port`. Throws C1mError C1M_OPTION_INVALID if it is out of range. */
  target(index: number): string
}

/** Room for new connections: more than are opened while a census is taken. */
const newcomers = 500_000

/**
 * Reads every connection `engine` has dialed; null once the run is over.
 * @param most largest possible number of open connections
 * @param target returns the target with this index, as `address:port`
 */
export async function takeCensus(
  engine: Engine,
  most: number,
  target: (index: number) => string
): Promise<Census | null> {
  const began = performance.now()
  const open = engine.counters().dialedOpen
  // While the run dials, more connections may be opened.
  const capacity = Math.max(open, Math.min(most, open + newcomers))
  const taken = await engine.census({ capacity, stride: 1, offset: 0 })
  if (taken === null) return null
  const columns = columnsOf(taken)
  return {
    ...columns,
    length: taken.rows,
    missing: Math.max(0, open - taken.rows),
    tookMs: performance.now() - began,
    source(index) {
      checkWhole('index', index, 0, taken.rows - 1)
      const address = addressOf(columns.sourceAddress.subarray(index * 16, index * 16 + 16))
      return formatEndpoint(address, columns.sourcePort[index] ?? 0)
    },
    target(index) {
      checkWhole('index', index, 0, taken.rows - 1)
      return target(columns.targetIndex[index] ?? 0)
    }
  }
}

/** Typed-array views of the buffer that the addon has written. */
export function columnsOf({ buffer, capacity, rows, infoBytes }: NativeCensus): CensusColumns {
  const columns: Record<string, unknown> = {}
  let offset = 0
  for (const { name, bytes, infoBytes: needed } of native().censusColumns) {
    // With no connection the kernel was not asked, so the columns are empty and not unknown.
    columns[name] = rows > 0 && needed > infoBytes ? null : columnOf(buffer, offset, bytes, rows)
    offset += bytes * capacity
  }
  return columns as unknown as CensusColumns
}

function columnOf(buffer: ArrayBuffer, offset: number, bytes: number, rows: number) {
  if (bytes === 16) return new Uint8Array(buffer, offset, rows * 16)
  if (bytes === 8) return new Float64Array(buffer, offset, rows)
  if (bytes === 4) return new Uint32Array(buffer, offset, rows)
  return bytes === 2 ? new Uint16Array(buffer, offset, rows) : new Uint8Array(buffer, offset, rows)
}

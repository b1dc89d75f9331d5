/** TCP_INFO of many connections, as columns: one typed array for each figure, no object for a connection. */

import { checkWhole } from '../base/check_option.js'
import { formatEndpoint } from '../net/address.js'
import { addressOf } from '../net/address_bytes.js'
import type { Engine } from './engine.js'
import { native } from './native.js'
import type { NativeCensus } from './native_run.js'

/**
 * What the kernel says of each connection; index i is the same connection in every column. A column this kernel has no
 * figure for is null.
 */
export interface CensusColumns {
  /** Source address: 16 bytes a connection, IPv4 mapped into IPv6. See {@link Census.source}. */
  readonly sourceAddress: Uint8Array
  readonly sourcePort: Uint16Array
  /** Place of the target among all the run dials. See {@link Census.target}. */
  readonly targetIndex: Uint32Array
  /** TCP state, a place in `tcpStates`; 1 is established. */
  readonly state: Uint8Array
  /** Negotiated options, bits of `tcpOptions`. */
  readonly options: Uint8Array
  /** Window scale of the peer, and of this side; 0 without window scaling. */
  readonly sndWscale: Uint8Array
  readonly rcvWscale: Uint8Array
  /** SYNs sent after the first one until the connection was established; 7 means 7 or more. */
  readonly synRetries: Uint8Array
  /**
   * Segments sent again in the connection's life, SYNs included: the kernel keeps one number. What is left without
   * `synRetries` was sent again later.
   */
  readonly totalRetransmits: Uint32Array
  /** Smoothed round-trip time and its mean deviation, microseconds. */
  readonly rttUs: Uint32Array
  readonly rttVarUs: Uint32Array
  /** Least round-trip time of the last five minutes (`tcp_min_rtt_wlen`), microseconds; 0: not measured. */
  readonly minRttUs: Uint32Array
  /** Segments sent and not acknowledged. */
  readonly unacked: Uint32Array
  /** Bytes in the send buffer that were never sent. */
  readonly notSentBytes: Uint32Array
  /** Segments received and sent, with or without data, SYN-ACK and SYN included. */
  readonly segsIn: Uint32Array
  readonly segsOut: Uint32Array
  /** Largest segment this side sends, bytes. */
  readonly sndMss: Uint32Array
  /** Congestion window, segments. */
  readonly sndCwnd: Uint32Array
  readonly bytesReceived: Float64Array
  /** Bytes sent, those sent again included. Since Linux 4.19. */
  readonly bytesSent: Float64Array | null
  /** Latest goodput, bytes a second; 0: not measured. */
  readonly deliveryBytesPerSecond: Float64Array
  /** Since data came last, or since the handshake when none has come; milliseconds. */
  readonly sinceDataReceivedMs: Uint32Array
  /** Since an ACK came last, or since the handshake when none has come after; milliseconds. */
  readonly sinceAckReceivedMs: Uint32Array
  /** Segments received in answer to probes of the run itself, which tell whether a connection is alive. */
  readonly probeAnswers: Uint8Array
  /** Retransmission timeouts, those of SYNs included, and the time until each was over, in all. Since Linux 6.7. */
  readonly totalRto: Uint16Array | null
  readonly totalRtoTimeMs: Uint32Array | null
}

/** Every connection of a run that stood, read within moments of each other. */
export interface Census extends CensusColumns {
  /** Connections read. */
  readonly length: number
  /** Connections that stood at the beginning and are missing: they were closed, or the run ended meanwhile. */
  readonly missing: number
  /** How long it took, milliseconds. */
  readonly tookMs: number
  /** Where connection `index`, from 0, comes from, `address:port`. Throws C1mError C1M_OPTION_INVALID for any other. */
  source(index: number): string
  /** Where connection `index`, from 0, goes to, `address:port`. Throws C1mError C1M_OPTION_INVALID for any other. */
  target(index: number): string
}

/** More than are opened while a census is taken. */
const newcomers = 500_000

/**
 * Reads every connection `engine` has dialed; null when the run is over.
 * @param most connections there can be at once
 * @param target the target with this index, `address:port`
 */
export async function takeCensus(
  engine: Engine,
  most: number,
  target: (index: number) => string
): Promise<Census | null> {
  const began = performance.now()
  const open = engine.counters().dialedOpen
  // While it dials more may come.
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

/** Views of the buffer the addon has written to. */
export function columnsOf({ buffer, capacity, rows, infoBytes }: NativeCensus): CensusColumns {
  const columns: Record<string, unknown> = {}
  let offset = 0
  for (const { name, bytes, infoBytes: needed } of native().censusColumns) {
    // Without a connection nothing was asked of the kernel, which is no reason to call a column unknown.
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

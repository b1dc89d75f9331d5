/** What the kernel said of the connections of a run. */
import type { Amount, Count } from '../base/quantities.js'
import type { Latency } from '../engine/latency.js'

/** What the kernel said of the connections that stood at one moment, before they were closed. */
export interface CensusSummary {
  /** Connections read. */
  connections: Count
  /** Connections that stood when it began and were closed before they were read. */
  missing: Count
  /** How long it took. */
  seconds: Amount
  /** Connections by TCP state, e.g. `ESTABLISHED`, `CLOSE_WAIT`. */
  states: Record<string, Count>
  /** Smoothed round-trip times. */
  rtt: Latency
  /** Least round-trip times, of connections on which one was measured. */
  minRtt: Latency
  /** Connections that negotiated an option. */
  options: { timestamps: Count; sack: Count; windowScaling: Count; ecn: Count }
  /** Largest segment this side sends, in bytes: extremes over the connections; null without any. */
  sndMss: { min: Count; max: Count } | null
  bytesReceived: Count
  /** Those sent again included; null before Linux 4.19. */
  bytesSent: Count | null
  /** Segments sent again once connections stood, and connections with any: the SYNs of handshakes are not among them. */
  retransmits: { segments: Count; connections: Count }
  /** Connections with segments the peer has not acknowledged. */
  unacknowledged: Count
  /** Retransmission timeouts, SYNs included, and the longest a connection spent on its own; null before Linux 6.7. */
  timeouts: { connections: Count; total: Count; longestMs: Count } | null
}

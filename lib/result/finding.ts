/** A named cause, as a result and a plan have it. */

/** How much a finding matters: `critical` stops the goal, `warning` bends the figures, `info` is good to know. */
export type Severity = 'info' | 'warning' | 'critical'

/** Where the cause sits, seen from the dialing side. */
export type Side = 'client' | 'server' | 'path'

/** One observation a finding rests on. */
export interface Evidence {
  /** Counter, limit or result field, e.g. `TcpExt.ListenOverflows`. */
  name: string
  /** Value when the run began; null for a fact that was read once. */
  before: number | string | null
  /** Value at the end, or the fact. */
  after: number | string
}

/** A named cause, with what shows it and what mends it. */
export interface Finding {
  /** Stable identifier, e.g. `accept-queue-overflow`. */
  id: string
  severity: Severity
  side: Side
  /** One sentence for a person. */
  title: string
  evidence: Evidence[]
  /** Commands, each to be typed on the side named. */
  remedy: string[]
}

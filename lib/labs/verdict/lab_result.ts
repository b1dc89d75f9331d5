/**
 * What a lab measured, as its JSON has it. The schema `lab-result@1` calls steps `acts` and the kind of a step its
 * `role`; scripts read these fields, so they keep their names.
 */
import type { FindingId } from '../../checks/index.js'
import type { ResultHost } from '../../host/result_host.js'
import type { Finding } from '../../result/finding.js'

/** A lab's result. Its text is a rendering of this object. */
export interface LabResult {
  schema: 'c1m-native/lab-result@1'
  version: string
  /** ISO 8601 in UTC. */
  startedAt: string
  name: string
  summary: string
  host: ResultHost
  parameters: Readonly<Record<string, number | boolean>>
  expected: FindingId | null
  /** The expected finding and no other was named, and each remedy restored 90 % of the healthy rate. */
  ok: boolean
  /** Why not. */
  failures: string[]
  acts: readonly StepResult[]
  figures: readonly Figure[]
  totalSeconds: number
}

/**
 * `healthy`: before the incident; `broken`: the incident; `remedy`: after a remedy that must work; `tried`: after a
 * change that may fail to help.
 */
export type StepRole = 'healthy' | 'broken' | 'remedy' | 'tried'

/** One load on one state of the network. */
export interface StepResult {
  /** A few words, e.g. `buckets 262,144`. */
  readonly name: string
  readonly role: StepRole
  /** What was set up or changed, in a sentence. */
  readonly text: string
  /** The load as a multiple of the healthy step's load. */
  readonly times: number
  /**
   * Connections established after their first SYN, and not ended by the server, per second of dialing. A paced load may
   * exceed its schedule by half a second before that counts.
   */
  readonly promptPerSecond: number
  readonly connections: {
    readonly requested: number
    /** Established, and not ended by the server. */
    readonly stood: number
    /** Established, but only after further SYNs. */
    readonly delayed: number
    readonly failed: number
    /** Ended by the server although they were to be held. */
    readonly shed: number
  }
  /** Connections per second over time, all loads together. */
  readonly curve: Curve
  /** Other rates over time, by name. */
  readonly others?: readonly { readonly name: string; readonly curve: Curve }[]
  /** What each observer named. */
  readonly observed: readonly Observation[]
  /** Causes named by all observers together, without the symptoms that a cause seen elsewhere explains. */
  readonly named: readonly FindingId[]
  /** Counters that moved, by watched namespace. */
  readonly counters: Readonly<Record<string, Readonly<Record<string, number>>>>
  /** The counter that shows the trouble, and how far it moved; null: there is none. */
  readonly sign: { readonly counter: string; readonly moved: number } | null
  /** Seconds from the start of the load to the first movement of that counter; null: it did not move. */
  readonly firstSignSeconds: number | null
  /** Seconds from the start of the load to the naming of the cause; null: it was not named. */
  readonly namedSeconds: number | null
}

/** A rate over time. */
export interface Curve {
  /** Length of an interval, in seconds. */
  readonly everySeconds: number
  readonly perSecond: readonly number[]
}

export interface Observation {
  /** `dial in client`, `watch in server`. */
  readonly by: string
  readonly finding: Finding
}

/** A figure that only this lab has. */
export interface Figure {
  readonly name: string
  readonly value: number
  /** Unit, after the number, e.g. ` s`. */
  readonly unit: string
}

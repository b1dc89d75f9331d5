/** What a lab is, and what it leaves behind. */

import type { FindingId } from '../../checks/index.js'
import type { ResultHost } from '../../host/result_host.js'
import type { Finding } from '../../result/result.js'
import type { Stage } from '../stage/stage.js'

/** Numbers a lab can be run with instead of its own. */
export const parameterNames = [
  'connections',
  'rate',
  'ports',
  'clients',
  'buckets',
  'max',
  'backlog',
  'loss',
  'limit'
] as const

export type ParameterName = (typeof parameterNames)[number]

/** The numbers of a run, and whether it takes place in IPv6. */
export type Parameters<Name extends ParameterName = ParameterName> = Readonly<Record<Name, number>> & {
  readonly ipv6: boolean
}

/** Beyond ip(8), nsenter(1) and sysctl(8), which all labs need. */
export type Tool = 'nft' | 'conntrack' | 'prlimit'

/** An incident: broken for real, named, healed. */
export interface Lab {
  readonly name: string
  /** One line for the list. */
  readonly summary: string
  /** What has to be named, and nothing else; null: nothing, the lab shows a healthy run. */
  readonly expected: FindingId | null
  /** How long it takes, about. */
  readonly seconds: number
  readonly tools: readonly Tool[]
  /** Sysctls of the whole host it changes for seconds: it needs root and --allow-host-changes. */
  readonly hostSysctls: readonly string[]
  /** The parameters it has, with their defaults. */
  readonly defaults: Readonly<Partial<Record<ParameterName, number>>>
  /** The least and the most of each that make sense. */
  readonly bounds: Readonly<Partial<Record<ParameterName, readonly [least: number, most: number]>>>
  /** What the incident needs more of with these numbers, e.g. connections beyond a longer queue. */
  readonly fit?: (parameters: Parameters) => Partial<Parameters>
  /** Memory it takes of the host, in bytes, where that is more than a little. */
  readonly memoryBytes?: (parameters: Parameters) => number
  /** Those that differ when all labs are run. */
  readonly inSeries?: Readonly<Partial<Record<ParameterName, number>>>
  /** Runs it. What went wrong is told by the acts; an error means that it could not take place. */
  perform(stage: Stage, parameters: Parameters): Promise<Performance>
}

/** What {@link Lab.perform} gives. */
export interface Performance {
  readonly acts: readonly ActResult[]
  /** Figures only this lab has. */
  readonly figures?: readonly Figure[]
  /** What it had to show beyond the finding and the remedies, but did not. */
  readonly failures?: readonly string[]
}

/** `healthy`: before; `broken`: the incident; `remedy`: after a remedy that heals; `tried`: after one that need not. */
export type Role = 'healthy' | 'broken' | 'remedy' | 'tried'

/** A figure with its name, for people and for scripts. */
export interface Figure {
  readonly name: string
  readonly value: number
  /** Unit, after the number, e.g. ` s`. */
  readonly unit: string
}

/** A part of a lab: one load on one state of the network. */
export interface ActResult {
  /** A few words, e.g. `buckets 262,144`. */
  readonly name: string
  readonly role: Role
  /** What was set up or changed, in a sentence. */
  readonly text: string
  /** How many times the healthy load this was. */
  readonly times: number
  /**
   * Connections that stood after their first SYN, and were not ended by the server, per second of dialing; of what a paced
   * load took beyond its schedule, half a second does not count.
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
  /** Causes named by all of them together; symptoms that a cause seen elsewhere explains are left out. */
  readonly named: readonly FindingId[]
  /** Counters that moved, of the namespaces that were watched. */
  readonly counters: Readonly<Record<string, Readonly<Record<string, number>>>>
  /** The counter that tells of the trouble, and how far it moved where it was looked at; null: there is none. */
  readonly sign: { readonly counter: string; readonly moved: number } | null
  /** When the first sign of trouble was counted and when the cause was named, in seconds from the start; null: never. */
  readonly firstSignSeconds: number | null
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

/** A lab's result: all of it is here, the story a person reads is a rendering. */
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
  acts: readonly ActResult[]
  figures: readonly Figure[]
  totalSeconds: number
}

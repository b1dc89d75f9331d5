/** Input of a check: a healthy host, run or server, with the changes that a test needs. */
import {
  type ExplainContext,
  noEndings,
  type PredictContext,
  type RunOutcome,
  type Verdict
} from '../../../lib/checks/context.js'
import { shellLine } from '../../../lib/checks/remedy.js'
import type { NativeEarlyEnd } from '../../../lib/engine/native_endings.js'
import type { CounterChanges } from '../../../lib/host/counters.js'
import type { HostFacts } from '../../../lib/host/facts.js'
import type { DownDevice } from '../../../lib/observe/down_device.js'
import type { AsymmetricRoute } from '../../../lib/observe/source_routes.js'
import type { Needs } from '../../../lib/scenario/needs.js'
import type { DialScenario } from '../../../lib/scenario/scenario.js'
import { noFailures } from '../../helpers/example_result.js'
import { facts } from './fixtures/host_facts.js'
import type { Partly } from './fixtures/merged.js'
import { run, scenario } from './fixtures/runs.js'

export * from './fixtures/host_facts.js'
export * from './fixtures/runs.js'
export * from './fixtures/servers.js'

interface Observed {
  facts?: Partly<HostFacts>
  factsBefore?: Partly<HostFacts>
  deltas?: CounterChanges
  counters?: Record<string, number>
  run?: RunOutcome | null
  scenario?: Partial<DialScenario> | null
}

/** A healthy run against a listener on another host, with these changes. */
export function explaining({
  facts: after,
  factsBefore,
  deltas = {},
  counters = {},
  run: outcome = run(),
  scenario: wanted = {},
  ...rest
}: Observed & Partial<Omit<ExplainContext, keyof Observed>> = {}): ExplainContext {
  const moved = Object.fromEntries(Object.entries(deltas).map(([name, change]) => [name, change.after]))
  return {
    facts: { before: facts(factsBefore ?? after), after: facts(after) },
    counters: {
      'TcpExt.PAWSTimewait': 0,
      'Sockstat.TCP.tw': 0,
      'Sockstat.TCP.mem': 50,
      ...moved,
      ...counters
    },
    deltas,
    ramp: deltas,
    closing: {},
    run: outcome,
    scenario: wanted === null ? null : scenario(wanted),
    needs: null,
    peerIsHere: false,
    downDevice: null,
    listeners: [],
    strangers: null,
    served: [],
    server: null,
    census: null,
    proof: null,
    endings: noEndings,
    latencies: [],
    rejections: { atOnce: 0, icmp: [], silentHop: null },
    ...rest
  }
}

/** A watch beside a server: nothing was dialed, and the counters are those of the server. */
export function watching(changes: Parameters<typeof explaining>[0] = {}): ExplainContext {
  return explaining({ run: null, scenario: null, peerIsHere: true, rejections: null, ...changes })
}

/** A scenario for 10,000 connections, far below the limits of this machine. */
export function predicting({
  facts: here,
  needs,
  scenario: wanted = {},
  peerIsHere = false,
  downDevice = null,
  asymmetricRoute = null
}: {
  facts?: Partly<HostFacts>
  needs?: Partial<Needs>
  scenario?: Partial<DialScenario> | null
  peerIsHere?: boolean
  downDevice?: DownDevice | null
  asymmetricRoute?: AsymmetricRoute | null
} = {}): PredictContext {
  return {
    facts: facts(here),
    needs: {
      connections: 10_000,
      ratePerSecond: null,
      tuples: 1_290_240,
      descriptors: 10_000,
      descriptorsPerTable: 19_900,
      tables: 128,
      conntrackEntries: 0,
      conntrackEntriesOnHost: 0,
      kernelMemoryBytes: 40_000_000,
      sockets: 10_000,
      timeWaits: 0,
      missingSources: [],
      unroutedTargets: [],
      nat: null,
      ...needs
    },
    scenario: wanted === null ? null : scenario(wanted),
    peerIsHere,
    downDevice,
    asymmetricRoute
  }
}

/** The remedy as a person reads it. */
export function linesOf(verdict: Pick<Verdict, 'remedy'> | null | undefined): string[] {
  return (verdict?.remedy ?? []).map(shellLine)
}

/** A run of 10,000 connections with one exchange each, some of which failed. */
export function talking(early: readonly NativeEarlyEnd[], changes: Parameters<typeof explaining>[0] = {}) {
  const failed = early.reduce((sum, { count }) => sum + count, 0)
  const exchange = {
    completed: 10_000 - failed,
    failed,
    failures: noFailures,
    bytesSent: 60_000,
    bytesReceived: 70_000
  }
  return explaining({
    run: run({ exchange }),
    scenario: {
      exchange: { send: 'PING', sendBytes: 4, expect: '+PONG', expectBytes: 5, everyMs: null }
    },
    endings: { ...noEndings, early },
    ...changes
  })
}

import {
  type ExplainContext,
  noEndings,
  type PredictContext,
  type RunOutcome,
  type Verdict
} from '../../../lib/checks/context.js'
import { shellLine } from '../../../lib/checks/remedy.js'
import type { ErrorTally } from '../../../lib/engine/engine.js'
import type { Distribution } from '../../../lib/engine/latency.js'
import type { NativeEarlyEnd, NativeEndCause } from '../../../lib/engine/native_endings.js'
import type { SocketSurvey } from '../../../lib/engine/sockets.js'
import type { CounterName } from '../../../lib/host/counter_names.js'
import type { CounterChanges } from '../../../lib/host/counters.js'
import type { HostFacts } from '../../../lib/host/facts.js'
import type { DownDevice } from '../../../lib/observe/down_device.js'
import type { ListenerFill } from '../../../lib/observe/listener_fill.js'
import type { ServedPort } from '../../../lib/observe/served_ports.js'
import type { AsymmetricRoute } from '../../../lib/observe/source_routes.js'
import type { SeriesPoint } from '../../../lib/result/result.js'
import { dialDefaults } from '../../../lib/scenario/defaults.js'
import type { Needs } from '../../../lib/scenario/needs.js'
import type { DialScenario } from '../../../lib/scenario/scenario.js'
import { chosenSocketOptions } from '../../../lib/scenario/socket_options.js'
import { noFailures } from '../../helpers/example_result.js'

type Partly<T> = { [Key in keyof T]?: T[Key] extends object ? Partial<T[Key]> : T[Key] }

/** Facts of the machine on which the figures of these tests were measured: Linux 6.18, 4 CPUs, 23 GiB. */
export function facts(changes: Partly<HostFacts> = {}): HostFacts {
  const measured: HostFacts = {
    kernel: {
      release: '6.18.44',
      version: { major: 6, minor: 18, patch: 44 },
      cpus: 4,
      capabilities: '0000000000000000',
      initialUserNamespace: true
    },
    limits: {
      nofileSoft: 20_000,
      nofileHard: 20_000,
      nrOpen: 1_048_576,
      fileMax: 2_465_966,
      filesOpen: 451,
      pidMax: 32_768,
      threadsMax: 192_727
    },
    ports: { localRange: [32_768, 60_999], reserved: [], unprivilegedStart: 1024 },
    tcp: {
      timestamps: 1,
      twReuse: 2,
      twReuseDelayMs: 1000,
      sack: 1,
      windowScaling: 1,
      maxTwBuckets: 131_072,
      maxOrphans: 131_072,
      rfc1337: 0,
      synRetries: 6,
      synLinearTimeouts: 4,
      synackRetries: 5,
      somaxconn: 4096,
      maxSynBacklog: 2048,
      syncookies: 1,
      abortOnOverflow: 0,
      ehashEntries: 262_144,
      ehashShared: false,
      childEhashEntries: 0
    },
    memory: {
      totalBytes: 25_276_076_032,
      availableBytes: 24_780_087_296,
      pageBytes: 4096,
      tcpPages: { low: 287_895, pressure: 383_861, high: 575_790 }
    },
    network: {
      rpFilterAll: 0,
      rpFilterInterfaces: { eth0: 0, lo: 0 },
      neighboursMaxV4: 1024,
      neighboursMaxV6: 1024,
      ipv6Disabled: 0,
      netdevMaxBacklog: 1000
    },
    conntrack: { count: 0, max: 262_144, buckets: 262_144, entriesAllNamespaces: 0, boundsChains: true },
    cgroup: { memoryMaxBytes: 'unlimited', memoryCurrentBytes: 58_228_736, pidsMax: null },
    unknown: {}
  }
  return merged(measured, changes)
}

function merged<T extends object>(base: T, changes: Partly<T>): T {
  const result = { ...base }
  for (const key of Object.keys(changes) as (keyof T)[]) {
    const change = changes[key]
    const isGroup = typeof base[key] === 'object' && base[key] !== null && !Array.isArray(base[key])
    result[key] = (isGroup ? { ...base[key], ...(change as object) } : change) as T[keyof T]
  }
  return result
}

export const target = { host: 'server', address: '198.18.30.1', firstPort: 8100, lastPort: 8119 }

export function scenario(changes: Partial<DialScenario> = {}): DialScenario {
  return {
    kind: 'dial',
    targets: [target],
    otherAddresses: [],
    selfDial: changes.targets?.length === 0,
    ...dialDefaults,
    rate: [],
    sources: [{ first: '198.18.10.1', last: '198.18.10.1' }],
    sourcePorts: [[1024, 65_535]],
    shardIndex: 0,
    shardCount: 1,
    seed: 0,
    tuples: 1_290_240,
    workers: 4,
    maxTables: 128,
    exchange: null,
    socketOptions: chosenSocketOptions({}),
    durationMs: null,
    nat: null,
    ...changes
  }
}

/** A scenario that sends a megabyte on each connection, so that sockets may have unsent data. */
export const sending: Partial<DialScenario> = {
  exchange: { send: '', sendBytes: 1 << 20, expect: '', expectBytes: 0, everyMs: null }
}

export const latency = (changes: Partial<Distribution> = {}): Distribution => ({
  unit: 'us',
  count: 10_000,
  mean: 60,
  p50: 50,
  p90: 80,
  p99: 200,
  p999: 900,
  max: 1500,
  buckets: { fromUs: [], toUs: [], counts: [] },
  ...changes
})

/** A healthy run of 10,000 connections: as asked for, at once, nothing lost. */
export function run(changes: Partly<RunOutcome> = {}): RunOutcome {
  const healthy: RunOutcome = {
    connections: {
      requested: 10_000,
      attempted: 10_000,
      established: 10_000,
      failed: 0,
      peak: 10_000,
      closedByPeer: 0,
      skippedPorts: 0
    },
    targets: [],
    errors: [],
    timing: { dialSeconds: 10, connectsPerSecond: 1000, holdSeconds: 0, totalSeconds: 10 },
    connectLatency: { ...latency(), withoutSynRetry: latency() },
    pacing: null,
    exchange: null,
    exchangeLatency: null,
    wrongAnswer: null,
    churn: null,
    retransmits: {
      syn: 0,
      connectionsWithSynRetry: 0,
      firstSynAnswered: 0,
      repeatedSynAnswered: 0,
      segments: null,
      connectionsWithRetransmit: null
    },
    staleAnswers: { established: 0, timedOut: 0, pending: 0 },
    process: {
      cpuSeconds: 0.5,
      dialing: { cpuSeconds: 0.5, waitedSeconds: null, otherSeconds: null },
      workers: 4,
      tables: 4,
      privateTables: true
    },
    series: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map((tSeconds) => point(tSeconds, tSeconds * 1000))
  }
  return merged(healthy, changes)
}

export function point(tSeconds: number, established: number, connectsPerSecond = 1000): SeriesPoint {
  const none = { connectP50Us: null, connectP99Us: null, exchangeP50Us: null, exchangeP99Us: null }
  return { tSeconds, established, connectsPerSecond, failed: 0, ...none }
}

/** Connections that came within a second and then stopped at `held`, for ten seconds. */
export function plateauSeries(held: number): SeriesPoint[] {
  return Array.from({ length: 40 }, (_, quarter) =>
    point((quarter + 1) / 4, Math.min(held, held * (quarter + 1) * 0.25), 0)
  )
}

export function tally(phase: ErrorTally['phase'], code: string, count: number, example?: string): ErrorTally {
  return { phase, code, count, example: example ?? '198.18.10.1:1024 > 198.18.30.1:8100' }
}

/** Counters that move in any run, and tell nothing. */
type IdleCounter = 'Tcp.ActiveOpens' | 'Softnet.processed' | 'Softnet.timeSqueeze'

/** Counters that moved, from 100 up by so much. */
export function rose(rises: Partial<Record<CounterName | IdleCounter, number>>): CounterChanges {
  return Object.fromEntries(
    Object.entries(rises).map(([name, delta]) => [name, { before: 100, after: 100 + delta, delta }])
  )
}

interface Observed {
  facts?: Partly<HostFacts>
  factsBefore?: Partly<HostFacts>
  deltas?: CounterChanges
  counters?: Record<string, number>
  run?: RunOutcome | null
  scenario?: Partial<DialScenario> | null
}

/** A healthy run against a listener elsewhere, with these differences. */
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

/** Beside a server: nothing was dialed, the counters are the server's own. */
export function watching(changes: Parameters<typeof explaining>[0] = {}): ExplainContext {
  return explaining({ run: null, scenario: null, peerIsHere: true, rejections: null, ...changes })
}

/** The sockets of one listening port, in these states. */
export function survey(states: Record<string, number>, changes: Partial<SocketSurvey> = {}): SocketSurvey {
  const none = { sockets: 0, bytes: 0 }
  return {
    seconds: 0.01,
    listeners: [],
    ports: [
      {
        port: 8100,
        states,
        synAckRetransmits: 0,
        accepted: 0,
        closeWait: { sockets: 0, old: 0, oldUnread: 0 },
        windowClosed: 0,
        unanswered: 0,
        longestWaitSeconds: 0
      }
    ],
    states,
    rtt: latency({ count: 0 }),
    retransmits: { segments: 0, sockets: 0, inTimeout: 0 },
    unread: none,
    unacknowledged: none,
    without: { windowScaling: 0, sack: 0, timestamps: 0 },
    ...changes
  }
}

/** A scenario for 10,000 connections that fits this machine many times over. */
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

/** A listener that has dropped nothing and lets nothing wait. */
export function listening(changes: Partial<ListenerFill> = {}): ListenerFill {
  return {
    address: '127.0.0.1:8100',
    inode: 1,
    queued: 0,
    backlog: 4096,
    mostQueued: changes.queued ?? 0,
    dropped: 0,
    ignoredSeconds: 0,
    process: null,
    processes: changes.process ? 1 : 0,
    ...changes
  }
}

/** A port whose server does all that it should. */
export function serving(changes: Partly<ServedPort> = {}): ServedPort {
  const idle: ServedPort = {
    port: 8100,
    accepted: 100,
    closeWait: { first: 0, now: 0, old: 0, oldUnread: 0 },
    windowClosed: 0,
    unanswered: 0,
    stalled: { sockets: 0, bytes: 0, seconds: 0 },
    unaccepted: { sockets: 0, bytes: 0, seconds: 0 },
    holder: null
  }
  return merged(idle, changes)
}

/** The remedy as a person reads it. */
export function linesOf(verdict: Pick<Verdict, 'remedy'> | null | undefined): string[] {
  return (verdict?.remedy ?? []).map(shellLine)
}

/** Connections that ended before their time, a second after the last data. */
export function ended(
  cause: NativeEndCause,
  count: number,
  changes: Partial<NativeEarlyEnd> = {}
): NativeEarlyEnd {
  return {
    cause,
    count,
    first: count,
    partial: 0,
    unheard: 0,
    resent: 0,
    quietP10Ns: 1e9,
    quietP50Ns: 1e9,
    quietP90Ns: 1e9,
    example: '198.18.10.1:1024 > 198.18.30.1:8100',
    sndMss: 1448,
    rttUs: 50,
    rtoUs: 200_000,
    unacked: 0,
    sacked: 0,
    retransmits: 0,
    notSentBytes: 0,
    sndWnd: 65_535,
    segsIn: 1,
    outOfOrder: 0,
    ...changes
  }
}

/** A run of 10,000 connections with an exchange each, of which these failed. */
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

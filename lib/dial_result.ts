/** From what a dial left behind to the one object that tells of it. */
import type { Engine, EngineCounters } from './engine.js'
import { type Counters, counterDeltas, readCounters } from './host/counters.js'
import { type HostFacts, readHostFacts } from './host/facts.js'
import { resultHost } from './host/result_host.js'
import { type RunResult, SCHEMA, type SeriesPoint } from './result.js'
import type { DialScenario } from './scenario.js'
import { type MemoryReading, memoryUse, readMemory } from './usage.js'
import { version } from './version.js'

/** The host and this process before the first connection. */
export interface Baseline {
  startedAt: string
  facts: HostFacts
  counters: Counters
  memory: MemoryReading
  cpu: NodeJS.CpuUsage
}

export function readBaseline(): Baseline {
  return {
    startedAt: new Date().toISOString(),
    facts: readHostFacts(),
    counters: readCounters(),
    cpu: process.cpuUsage(),
    memory: readMemory()
  }
}

/** A dial that is over: its engine is closed. */
export interface DialTrace {
  scenario: DialScenario
  baseline: Baseline
  engine: Engine
  /** The engine's counters when closing began. */
  counters: EngineCounters
  peak: { connections: number; memory: MemoryReading }
  series: readonly SeriesPoint[]
  holdSeconds: number
  totalSeconds: number
}

export function dialResult({
  scenario,
  baseline,
  engine,
  counters,
  peak,
  series,
  ...times
}: DialTrace): RunResult {
  const { dialingNs, workers, privateTables } = engine.status()
  const cpu = process.cpuUsage(baseline.cpu)
  const dialSeconds = dialingNs / 1e9
  const lateness = scenario.rate.length === 0 ? null : engine.latency('lateness')
  return {
    schema: SCHEMA,
    version,
    startedAt: baseline.startedAt,
    scenario,
    host: resultHost(baseline.facts),
    connections: {
      requested: scenario.connections,
      attempted: counters.attempted,
      established: counters.established,
      failed: counters.failed,
      peak: peak.connections,
      closedByPeer: counters.dialedClosedByPeer,
      skippedPorts: counters.skippedPorts
    },
    errors: engine.errors(),
    timing: {
      dialSeconds,
      connectsPerSecond: counters.established / dialSeconds,
      holdSeconds: times.holdSeconds,
      totalSeconds: times.totalSeconds
    },
    connectLatency: { ...engine.latency('connect'), withoutSynRetry: engine.latency('connectFirstTry') },
    pacing: lateness && { unit: 'us', p50: lateness.p50, p99: lateness.p99, max: lateness.max },
    exchangeLatency: null,
    churn: null,
    retransmits: {
      syn: counters.synRetransmits,
      connectionsWithSynRetry: counters.connectionsWithSynRetry,
      segments: null,
      connectionsWithRetransmit: null
    },
    memory: memoryUse(baseline.memory, peak.memory, peak.connections),
    process: {
      cpuSeconds: (cpu.user + cpu.system) / 1e6,
      workers: scenario.lanes,
      tables: workers,
      privateTables
    },
    counters: counterDeltas(baseline.counters, readCounters()),
    findings: [],
    series: [...series]
  }
}

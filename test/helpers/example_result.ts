import type { Distribution } from '../../lib/engine/latency.js'
import type { ExchangeFailures } from '../../lib/result/exchange_result.js'
import { type RunResult, SCHEMA } from '../../lib/result/result.js'
import { dialDefaults } from '../../lib/scenario/defaults.js'
import { chosenSocketOptions } from '../../lib/scenario/socket_options.js'

const latency: Distribution = {
  unit: 'us',
  count: 1000,
  mean: 61.5,
  p50: 48,
  p90: 95,
  p99: 310,
  p999: 2400,
  max: 3100,
  buckets: { fromUs: [48, 3072], toUs: [48.128, 3104], counts: [999, 1] }
}

const { buckets: _, ...roundTrip } = latency
/** For exchanges that were all answered. */
export const noFailures: ExchangeFailures = {
  unacknowledged: 0,
  unanswered: 0,
  peerNotReading: 0,
  wrong: 0,
  closed: 0,
  reset: 0,
  other: 0
}

/** A healthy run of a thousand connections; `changes` replace whole members. */
export function exampleResult(changes: Partial<RunResult> = {}): RunResult {
  return {
    schema: SCHEMA,
    version: '0.1.0',
    startedAt: '2026-11-22T00:30:00.000Z',
    scenario: {
      kind: 'dial',
      targets: [{ host: '127.0.0.1', address: '127.0.0.1', firstPort: 8100, lastPort: 8119 }],
      otherAddresses: [],
      selfDial: false,
      ...dialDefaults,
      connections: 1000,
      rate: [],
      sources: [{ first: '127.0.1.1', last: '127.0.1.1' }],
      sourcePorts: [[1024, 65_535]],
      shardIndex: 0,
      shardCount: 1,
      seed: 0,
      tuples: 1_290_240,
      workers: 4,
      maxTables: 1024,
      holdMs: 10_000,
      exchange: null,
      socketOptions: chosenSocketOptions({}),
      durationMs: null,
      nat: null
    },
    host: {
      kernel: '6.18.44',
      arch: 'x64',
      cpus: 4,
      memoryBytes: 8_589_934_592,
      node: '20.20.2',
      descriptorLimit: 20_000
    },
    interrupted: false,
    connections: {
      requested: 1000,
      attempted: 1000,
      established: 1000,
      failed: 0,
      peak: 1000,
      closedByPeer: 0,
      skippedPorts: 0
    },
    targets: [
      { target: '127.0.0.1:8100', established: 1000, failed: 0, closedByPeer: 0, exchangesFailed: 0 }
    ],
    errors: [],
    timing: {
      dialSeconds: 0.0042,
      connectsPerSecond: 238_095.2,
      holdSeconds: 10.0004,
      totalSeconds: 10.0121
    },
    connectLatency: { ...latency, withoutSynRetry: latency },
    pacing: null,
    exchange: null,
    wrongAnswer: null,
    exchangeLatency: null,
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
    alive: { by: 'probe', probed: 1000, proven: 1000, disproved: 0, unknown: 0 },
    census: null,
    memory: {
      processRssBytes: 89_128_960,
      nativeBytesPerConnection: 16,
      jsHeapBytesPerConnection: 0,
      kernelSlabBytesPerSocket: 3942
    },
    process: {
      cpuSeconds: 0.012,
      dialing: { cpuSeconds: 0.01, waitedSeconds: null, otherSeconds: null },
      workers: 4,
      tables: 4,
      privateTables: true
    },
    counters: {},
    findings: [],
    unavailable: [],
    events: [
      { tSeconds: 0, kind: 'phase', name: 'dialing', detail: null },
      { tSeconds: 0.004, kind: 'phase', name: 'holding', detail: null },
      { tSeconds: 10.005, kind: 'phase', name: 'closing', detail: null },
      { tSeconds: 10.012, kind: 'phase', name: 'done', detail: null }
    ],
    series: [],
    ...changes
  }
}

const took = { connectP50Us: 48, connectP99Us: 310, exchangeP50Us: null, exchangeP99Us: null }

/** A run with every optional part: a rate, failures, retries, a census and a finding. */
export function eventfulResult(): RunResult {
  const healthy = exampleResult()
  return exampleResult({
    scenario: {
      ...healthy.scenario,
      rate: [
        { atMs: 0, perSecond: 10_000 },
        { atMs: 30_000, perSecond: 200_000 }
      ],
      exchange: { send: 'PING\\r\\n', sendBytes: 6, expect: '+PONG\\r\\n', expectBytes: 7, everyMs: 10_000 },
      durationMs: 60_000,
      census: true,
      sample: 100
    },
    connections: {
      requested: 1000,
      attempted: 1000,
      established: 700,
      failed: 300,
      peak: 700,
      closedByPeer: 12,
      skippedPorts: 3
    },
    errors: [
      { phase: 'connect', code: 'ECONNREFUSED', count: 250, example: '127.0.1.1:1024 > 127.0.0.1:8101' },
      { phase: 'timeout', code: 'ETIMEDOUT', count: 50, example: '127.0.1.1:1030 > 127.0.0.1:8102' },
      { phase: 'exchange', code: 'EBADMSG', count: 7, example: '127.0.1.1:1031 > 127.0.0.1:8103' }
    ],
    connectLatency: {
      ...latency,
      count: 700,
      p99: 1_010_000,
      max: 3_100_000,
      withoutSynRetry: { ...latency, count: 688 }
    },
    pacing: { unit: 'us', p50: 4, p99: 120, max: 900 },
    exchange: {
      completed: 4990,
      failed: 7,
      failures: { ...noFailures, wrong: 7 },
      bytesSent: 29_940,
      bytesReceived: 34_930
    },
    wrongAnswer: {
      connection: '127.0.1.1:1031 > 127.0.0.1:8103',
      offset: 0,
      expected: { text: '+PONG\\r\\n', hex: '2b504f4e470d0a' },
      received: { text: '-ERR\\r\\n', hex: '2d4552520d0a' }
    },
    exchangeLatency: latency,
    churn: {
      transactions: 5000,
      transactionsPerSecond: 106_000,
      timeWait: { before: 12, peak: 4711, after: 4700 },
      endedEarly: false,
      tupleRestSeconds: 12.1
    },
    retransmits: {
      syn: 15,
      connectionsWithSynRetry: 12,
      firstSynAnswered: 0,
      repeatedSynAnswered: 12,
      segments: 4,
      connectionsWithRetransmit: 3
    },
    census: {
      connections: 688,
      missing: 0,
      seconds: 0.002,
      states: { ESTABLISHED: 687, CLOSE_WAIT: 1 },
      rtt: { ...roundTrip, count: 688 },
      minRtt: { ...roundTrip, count: 688 },
      options: { timestamps: 688, sack: 680, windowScaling: 680, ecn: 0 },
      sndMss: { min: 536, max: 65_483 },
      bytesReceived: 0,
      bytesSent: 0,
      retransmits: { segments: 4, connections: 3 },
      unacknowledged: 2,
      timeouts: { connections: 12, total: 15, longestMs: 3100 }
    },
    counters: { 'TcpExt.ListenOverflows': { before: 0, after: 1204, delta: 1204 } },
    findings: [
      {
        id: 'accept-queue-overflow',
        severity: 'critical',
        side: 'server',
        title: 'The accept queue overflowed: the server does not accept as fast as connections arrive',
        evidence: [
          { name: 'TcpExt.ListenOverflows', before: 0, after: 1204 },
          { name: 'net.core.somaxconn', before: null, after: 128 }
        ],
        remedy: ['sysctl -w net.core.somaxconn=65535']
      }
    ],
    series: [
      { tSeconds: 0.25, established: 400, connectsPerSecond: 1600, failed: 100, ...took },
      { tSeconds: 0.5, established: 700, connectsPerSecond: 1200, failed: 300, ...took }
    ]
  })
}

import { describe, expect, it } from 'vitest'
import type { ErrorTally } from '../../../lib/engine/engine.js'
import type { Distribution } from '../../../lib/engine/latency.js'
import { dialReport } from '../../../lib/report/dial_text.js'
import type { Paint } from '../../../lib/report/paint.js'
import type { RunResult } from '../../../lib/result/result.js'
import { eventfulResult, exampleResult, noFailures } from '../../helpers/example_result.js'

const healthy = exampleResult()
const headline = (changes: Partial<RunResult>) => dialReport(exampleResult(changes)).split('\n')[0]
const line = (label: string, result: RunResult) =>
  dialReport(result)
    .split('\n')
    .find((text) => text.startsWith(label))

it('dialReport summarizes a healthy run in a few lines', () => {
  expect(dialReport(healthy)).toMatchInlineSnapshot(`
    "Opened all 1,000 connections to 127.0.0.1:8100-8119 in 4.2ms (238k/s) and held them for 10s.

    connections  1,000 established, 0 failed
    alive        1,000 of 1,000 probed answered
    connect      p50 48us  p90 95us  p99 310us  p99.9 2.4ms  max 3.1ms
    memory       85MiB resident, 16B native per connection, 3.85KiB kernel slab per socket
    process      12ms CPU (12us per connection), 4 workers, 4 descriptor tables
    "
  `)
})

it('dialReport shows every section', () => {
  expect(dialReport(eventfulResult())).toMatchInlineSnapshot(`
    "Made 5,000 transactions with 127.0.0.1:8100-8119 in 4.2ms (106k/s), 1,000 connections at a time; 300 connects failed, 7 exchanges failed.

    connections  700 established, 300 failed, 12 closed by the peer, 3 ports skipped
    alive        1,000 of 1,000 probed answered
    failures     250  connect   ECONNREFUSED  127.0.1.1:1024 > 127.0.0.1:8101
                  50  timeout   ETIMEDOUT     127.0.1.1:1030 > 127.0.0.1:8102
                   7  exchange  EBADMSG       127.0.1.1:1031 > 127.0.0.1:8103
    connect      p50 48us  p90 95us  p99 1.01s  p99.9 2.4ms  max 3.1s   all
                 p50 48us  p90 95us  p99 310us  p99.9 2.4ms  max 3.1ms  without SYN retries
    exchange     4,990 completed, 7 failed (7 answered otherwise), 29.2KiB sent, 34.1KiB received
                 p50 48us  p90 95us  p99 310us  p99.9 2.4ms  max 3.1ms
                 expected  "+PONG\\r\\n"
                 received  "-ERR\\r\\n"   127.0.1.1:1031 > 127.0.0.1:8103
    churn        TIME_WAIT 12 before, 4,711 at the peak; each 4-tuple rested 12.1s or longer
    retransmits  15 SYNs on 12 connections, 4 segments on 3 connections
    census       688 read in 2ms, 1 in CLOSE_WAIT
                 rtt p50 48us, p99 310us, max 3.1ms; least rtt p50 48us
                 8 without SACK, 8 without window scaling, 2 with data not acknowledged
                 15 retransmission timeouts on 12, the longest 3.1s
    pacing       p50 4us  p99 120us  max 900us  late
    memory       85MiB resident, 16B native per connection, 3.85KiB kernel slab per socket
    process      12ms CPU (12us per connection), 4 workers, 4 descriptor tables

    critical: The accept queue overflowed: the server does not accept as fast as connections arrive (server, accept-queue-overflow)
      TcpExt.ListenOverflows 0 -> 1,204
      net.core.somaxconn 128
      remedy: sysctl -w net.core.somaxconn=65535
    "
  `)
})

it('dialReport says in plain words whether the connections are alive', () => {
  const alive = (by: 'none' | 'probe' | 'keepalive' | 'listener', proven: number, disproved: number) =>
    line('alive', exampleResult({ alive: { by, probed: proven + disproved, proven, disproved, unknown: 0 } }))
  expect(alive('probe', 1000, 0)).toBe('alive        1,000 of 1,000 probed answered')
  expect(alive('keepalive', 900, 100)).toBe(
    'alive        900 of 1,000 answered keepalive probes to the end, 100 are dead, or unknown to their peer'
  )
  expect(alive('none', 0, 0)).toBe(
    'alive        nothing was proven about them: hold them for 2s or longer, or use --keepalive'
  )
  expect(alive('listener', 1000, 0)).toBe('alive        1,000 of 1,000 known to the listener')
  expect(line('alive', exampleResult({ alive: null }))).toBeUndefined()
})

describe('the first line of a report', () => {
  const connections = { ...healthy.connections, established: 0, failed: 0, attempted: 0, peak: 0 }

  it('distinguishes SYNs answered by an old connection from lost ones', () => {
    const retransmits = {
      syn: 15,
      connectionsWithSynRetry: 12,
      firstSynAnswered: 0,
      repeatedSynAnswered: 0,
      segments: null,
      connectionsWithRetransmit: null
    }
    const staleAnswers = { established: 9, timedOut: 0, pending: 0 }
    expect(dialReport({ ...healthy, retransmits, staleAnswers })).toContain(
      '15 SYNs on 12 connections (9 answered by an older connection)'
    )
  })

  it('says that no connection was established', () => {
    expect(headline({ connections: { ...connections, attempted: 1000, failed: 1000 } })).toBe(
      'Opened none of 1,000 connections to 127.0.0.1:8100-8119; 1,000 failed.'
    )
  })

  it('says that the run ended early', () => {
    expect(headline({ connections: { ...connections, attempted: 400, established: 390, failed: 10 } })).toBe(
      'Opened 390 of 1,000 connections to 127.0.0.1:8100-8119 in 4.2ms (238k/s) and held them for 10s; 10 failed, 600 were not started.'
    )
  })

  it('says when the run was interrupted, in a churn as well', () => {
    expect(headline({ interrupted: true })).toBe(
      'Opened all 1,000 connections to 127.0.0.1:8100-8119 in 4.2ms (238k/s) and held them for 10s; the run was interrupted.'
    )
    const { churn } = eventfulResult()
    expect(headline({ interrupted: true, churn })).toMatch(
      /, 1,000 connections at a time; the run was interrupted\.$/
    )
    expect(headline({})).not.toContain('interrupted')
  })

  it('says that the peer closed connections that should be held', () => {
    expect(headline({ connections: { ...healthy.connections, closedByPeer: 1000 } })).toBe(
      'Opened all 1,000 connections to 127.0.0.1:8100-8119 in 4.2ms (238k/s) and held them for 10s; the peer closed all of them.'
    )
    expect(headline({ connections: { ...healthy.connections, closedByPeer: 20 } })).toMatch(
      /; the peer closed 20 of them\.$/
    )
    const { scenario } = healthy
    expect(
      headline({
        connections: { ...healthy.connections, closedByPeer: 20 },
        scenario: { ...scenario, holdMs: 0 }
      })
    ).not.toContain('the peer closed')
  })

  it('names no hold that did not begin', () => {
    const timing = { ...healthy.timing, holdSeconds: 0 }
    expect(headline({ timing, interrupted: true })).toMatch(/ \(238k\/s\); the run was interrupted\.$/)
  })

  it('names no hold when none was requested', () => {
    expect(headline({ scenario: { ...healthy.scenario, holdMs: 0 } })).toBe(
      'Opened all 1,000 connections to 127.0.0.1:8100-8119 in 4.2ms (238k/s).'
    )
  })

  it('names as many targets as fit, as they were written', () => {
    const targets = ['web', '::1', '10.0.0.1', 'a', 'b'].map((host, i) => ({
      host,
      address: '127.0.0.1',
      firstPort: 80,
      lastPort: 80 + i
    }))
    const to = (count: number) =>
      headline({ scenario: { ...healthy.scenario, targets: targets.slice(0, count) } })
    expect(to(3)).toContain('to web:80 (127.0.0.1), [::1]:80-81, 10.0.0.1:80-82 in')
    expect(to(5)).toContain('to web:80 (127.0.0.1), [::1]:80-81, 10.0.0.1:80-82 and 2 more in')
  })

  it('says that a self-dial goes to its own listeners', () => {
    const scenario = { ...healthy.scenario, targets: [], selfDial: true }
    expect(headline({ scenario })).toContain('to its own listeners in')
  })
})

describe('the first line of a report with exchanges', () => {
  const exchange = { completed: 1000, failed: 0, failures: noFailures, bytesSent: 6000, bytesReceived: 7000 }
  const churn = {
    transactions: 106_000,
    transactionsPerSecond: 106_000,
    timeWait: { before: 0, peak: 0, after: 0 },
    endedEarly: false,
    tupleRestSeconds: null
  }

  it('names failed exchanges', () => {
    expect(headline({ exchange })).toMatch(/ and held them for 10s\.$/)
    expect(headline({ exchange: { ...exchange, failed: 1 } })).toMatch(/ for 10s; 1 exchange failed\.$/)
  })

  it('counts transactions in a churn', () => {
    const scenario = { ...healthy.scenario, targets: [], selfDial: true, connections: 100, churn: true }
    const timing = { ...healthy.timing, dialSeconds: 1 }
    expect(headline({ scenario, timing, churn })).toBe(
      'Made 106,000 transactions with its own listeners in 1s (106k/s), 100 connections at a time.'
    )
    const connections = { ...healthy.connections, failed: 3 }
    expect(headline({ scenario, timing, churn, connections, exchange: { ...exchange, failed: 2 } })).toMatch(
      / at a time; 3 connects failed, 2 exchanges failed\.$/
    )
    expect(headline({ scenario, timing, churn: { ...churn, transactions: 0 } })).toBe(
      'Made no transactions with its own listeners in 1s, 100 connections at a time.'
    )
  })
})

it('dialReport says that a churn ended early, and how to prevent it', () => {
  const result = eventfulResult()
  const churn = result.churn && { ...result.churn, endedEarly: true }
  expect(dialReport({ ...result, churn })).toContain(
    'it ended early, because none succeeded for 3s (--keep-going goes on)'
  )
})

it('dialReport shows where an answer first differs from the expected one', () => {
  const wrongAnswer = {
    connection: '127.0.1.1:1031 > 127.0.0.1:8103',
    offset: 484,
    expected: null,
    received: { text: 'xyz', hex: '78797a' }
  }
  const lines = dialReport({ ...eventfulResult(), wrongAnswer })
  expect(lines).toContain('received  "xyz"  127.0.1.1:1031 > 127.0.0.1:8103, from byte 484 on')
  expect(lines).not.toContain('expected  "')
})

it('dialReport accepts results of earlier versions, which do not list failed exchanges separately', () => {
  const { wrongAnswer, exchange, ...result } = eventfulResult()
  const { failures, ...totals } = exchange as NonNullable<typeof exchange>
  const old = { ...result, exchange: totals } as unknown as RunResult
  expect(line('exchange', old)).toBe('exchange     4,990 completed, 7 failed, 29.2KiB sent, 34.1KiB received')
})

it('dialReport says when no tuple was reused, and when TIME_WAIT could not be read', () => {
  const churn = {
    transactions: 5,
    transactionsPerSecond: 5,
    timeWait: { before: null, peak: null, after: null },
    endedEarly: false,
    tupleRestSeconds: null
  }
  expect(line('churn', exampleResult({ churn }))).toBe(
    'churn        TIME_WAIT unknown before, unknown at the peak; no 4-tuple used twice'
  )
})

it('dialReport lists the most frequent failures and counts the others', () => {
  const errors = Array.from(
    { length: 10 },
    (_, i): ErrorTally => ({
      phase: 'connect',
      code: `E${i}`,
      count: 1000 - i,
      example: `127.0.1.1:${1024 + i} > 127.0.0.1:9`
    })
  )
  const text = dialReport(exampleResult({ errors }))
  expect(text).toContain('failures     1,000  connect  E0  127.0.1.1:1024 > 127.0.0.1:9\n')
  expect(text).toContain('               993  connect  E7  127.0.1.1:1031 > 127.0.0.1:9\n')
  expect(text).toContain('             1,983 of 2 other kinds\n')
  expect(text).not.toContain('E8')
})

it('dialReport leaves out latencies without a connection', () => {
  const buckets = { fromUs: [], toUs: [], counts: [] }
  const none: Distribution = {
    unit: 'us',
    count: 0,
    mean: 0,
    p50: 0,
    p90: 0,
    p99: 0,
    p999: 0,
    max: 0,
    buckets
  }
  expect(
    line('connect ', exampleResult({ connectLatency: { ...none, withoutSynRetry: none } }))
  ).toBeUndefined()
  const allRetried = { ...healthy.connectLatency, withoutSynRetry: none }
  expect(line('connect ', exampleResult({ connectLatency: allRetried }))).toMatch(/max 3\.1ms$/)
})

it('dialReport leaves out values that could not be read', () => {
  const memory = {
    processRssBytes: 1_048_576,
    nativeBytesPerConnection: null,
    jsHeapBytesPerConnection: 0,
    kernelSlabBytesPerSocket: null
  }
  expect(line('memory', exampleResult({ memory }))).toBe('memory       1MiB resident')
})

it('dialReport says when the kernel refused private descriptor tables, and never divides by zero', () => {
  const process = {
    ...healthy.process,
    cpuSeconds: 1.5,
    workers: 1,
    tables: 1,
    privateTables: false
  }
  const connections = { ...healthy.connections, attempted: 0 }
  expect(line('process', exampleResult({ process, connections }))).toBe(
    'process      1.5s CPU, 1 worker, one shared descriptor table'
  )
})

it('dialReport is colored by outcome, and only on request', () => {
  const tags: Paint = (style, text) => `<${style}>${text}</${style}>`
  const text = dialReport(eventfulResult(), tags)
  expect(text).toMatch(/^<bold><yellow>Made 5,000 transactions .*<\/yellow><\/bold>\n/)
  expect(text).toContain('<dim>connections  </dim>700 established')
  expect(text).toContain('<red>critical: The accept queue overflowed')
  expect(text.replaceAll(/<\/?\w+>/g, '')).toBe(dialReport(eventfulResult()))
  expect(dialReport(healthy, tags)).toMatch(/^<bold><green>/)
})

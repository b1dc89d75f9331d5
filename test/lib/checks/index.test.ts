import { readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import {
  checks,
  explainFindings,
  type FindingId,
  findingIds,
  foresee,
  LastingFindings
} from '../../../lib/checks/index.js'
import {
  explaining,
  linesOf,
  listening,
  plateauSeries,
  predicting,
  rose,
  run,
  tally,
  target,
  watching
} from './fixtures.js'

const ids = (findings: { id: string }[]) => findings.map(({ id }) => id)

describe('the checks', () => {
  it('have one file per cause', () => {
    const files = readdirSync(new URL('../../../lib/checks/causes', import.meta.url))
    const causes = files.filter((file) => file !== 'index.ts').map((file) => file.replace(/\.ts$/, ''))
    expect(findingIds.map((id) => id.replaceAll('-', '_')).sort()).toEqual(causes.sort())
  })

  it('have a rank each', () => {
    expect(new Set(checks.map(({ rank }) => rank)).size).toBe(checks.length)
  })

  it('are ordered by rank, causes before symptoms', () => {
    const place = (id: FindingId) => findingIds.indexOf(id)
    expect(checks.map(({ rank }) => rank)).toEqual(checks.map(({ rank }) => rank).sort((a, b) => a - b))
    expect(place('peer-descriptor-limit')).toBeLessThan(place('accept-queue-overflow'))
    expect(place('accept-queue-overflow')).toBeLessThan(place('syn-unanswered'))
    expect(findingIds.at(-1)).toBe('syn-loss')
  })

  it('have names that the compiler knows', () => {
    // @ts-expect-error: not a finding
    const misspelt: FindingId = 'syn-los'
    expect(findingIds).not.toContain(misspelt)
  })
})

describe('a check that fails', () => {
  const context = () => {
    const refused = explaining({
      run: run({
        connections: { requested: 1000, attempted: 1000, established: 0, failed: 1000, peak: 0 },
        errors: [tally('connect', 'ECONNREFUSED', 1000)]
      })
    })
    // The effect of a bug in the only check that reads the census.
    return Object.defineProperty({ ...refused }, 'census', {
      enumerable: false,
      get: () => {
        throw new Error('a bug')
      }
    })
  }

  it('is reported, and the other checks still run', () => {
    const failed: string[] = []
    const findings = explainFindings(context(), (id, error) =>
      failed.push(`${id}: ${(error as Error).message}`)
    )
    expect(ids(findings)).toContain('connection-refused')
    expect(failed).toEqual(['phantom-established: a bug'])
  })

  it('throws when the caller does not handle it', () => {
    expect(() => explainFindings(context())).toThrow('a bug')
  })
})

describe('a guess', () => {
  const stuck = run({
    connections: { requested: 3000, attempted: 3000, established: 1000, failed: 2000, peak: 1000 },
    errors: [tally('timeout', 'ETIMEDOUT', 2000)],
    series: plateauSeries(1000)
  })

  it('is listed after the observed findings', () => {
    expect(ids(explainFindings(explaining({ run: stuck })))).toEqual(['syn-unanswered', 'connection-limit'])
  })

  it('is left out when the cause is known', () => {
    const facts = { conntrack: { count: 1000, max: 1000 } }
    const deltas = rose({ 'Conntrack.drop': 6000 })
    expect(ids(explainFindings(explaining({ run: stuck, facts, deltas })))).toEqual(['conntrack-table-full'])
  })
})

describe('findings beside a server', () => {
  const process = { pid: 7, name: 'server', openFiles: 60, nofileSoft: 60, nofileHard: 60, stopped: false }
  const exhausted = listening({ queued: 51, backlog: 50, dropped: 100, process })
  const deltas = rose({ 'TcpExt.ListenOverflows': 100, 'TcpExt.ListenDrops': 100 })
  const look = (listeners: ReturnType<typeof listening>[]) => watching({ listeners, deltas, strangers: [] })

  it('stay when their cause is over, and hide the symptoms it explains', () => {
    const lasting = new LastingFindings()
    expect(ids(lasting.explain(look([exhausted])))).toEqual(['peer-descriptor-limit'])
    const relieved = { ...exhausted, queued: 0, process: { ...process, openFiles: 9 } }
    expect(ids(lasting.explain(look([relieved])))).toEqual(['peer-descriptor-limit'])
    expect(ids(new LastingFindings().explain(look([relieved])))).toEqual(['accept-queue-overflow'])
  })

  it('explain what is counted shortly after they are over, but not later', () => {
    const lasting = new LastingFindings()
    const dropping = (dropped: number) => {
      const overflows = rose({ 'TcpExt.ListenOverflows': dropped, 'TcpExt.ListenDrops': dropped })
      const over = { ...exhausted, queued: 0, dropped, process: { ...process, openFiles: 9 } }
      return watching({ listeners: [over], deltas: overflows, strangers: [] })
    }
    const at = (context: ReturnType<typeof watching>, nowMs: number) =>
      ids(lasting.explain(context, undefined, nowMs))
    expect(at(look([exhausted]), 0)).toEqual(['peer-descriptor-limit'])
    expect(at(dropping(4500), 1000)).toEqual(['peer-descriptor-limit'])
    expect(at(dropping(4500), 100_000)).toEqual(['peer-descriptor-limit'])
    expect(at(dropping(9900), 100_000)).toEqual(['peer-descriptor-limit', 'accept-queue-overflow'])
  })
})

describe('there are no findings for', () => {
  it('a healthy run against a listener on another host', () => {
    expect(explainFindings(explaining())).toEqual([])
  })

  it('a healthy run of 200,000 with both ends in one namespace, which leaves more TIME_WAITs than fit', () => {
    const outcome = run({
      connections: { requested: 200_000, attempted: 200_000, established: 200_000, peak: 200_000 }
    })
    const deltas = {
      ...rose({
        'TcpExt.TCPTimeWaitOverflow': 68_928,
        'TcpExt.TW': 131_072,
        'Tcp.ActiveOpens': 200_000,
        'Tcp.PassiveOpens': 200_000,
        'Tcp.InSegs': 1_400_000,
        'Softnet.timeSqueeze': 12,
        'Softnet.processed': 1_400_000
      }),
      'Sockstat.TCP.tw': { before: 0, after: 131_072, delta: 131_072 }
    }
    expect(explainFindings(explaining({ run: outcome, deltas, peerIsHere: true }))).toEqual([])
  })

  it('a healthy run on a host where other processes move every counter a little', () => {
    const deltas = rose(
      Object.fromEntries(
        [
          'TcpExt.ListenOverflows',
          'TcpExt.ListenDrops',
          'TcpExt.PAWSEstab',
          'TcpExt.PAWSTimewait',
          'TcpExt.TCPSynRetrans',
          'TcpExt.TCPTimeouts',
          'TcpExt.IPReversePathFilter',
          'TcpExt.TCPReqQFullDoCookies',
          'TcpExt.TCPTimeWaitOverflow',
          'Tcp.OutRsts',
          'Tcp.AttemptFails',
          'Tcp.EstabResets',
          'Ip.OutNoRoutes',
          'Ip.InDiscards',
          'Conntrack.drop',
          'Conntrack.insert_failed',
          'Conntrack.chaintoolong',
          'Conntrack.early_drop',
          'Softnet.dropped',
          'Neigh4.table_fulls'
        ].map((name) => [name, 3])
      )
    )
    for (const peerIsHere of [true, false])
      expect(explainFindings(explaining({ deltas, peerIsHere }))).toEqual([])
  })

  it('an idle server', () => {
    expect(explainFindings(watching({ deltas: rose({ 'Tcp.InSegs': 500, 'TcpExt.PAWSEstab': 2 }) }))).toEqual(
      []
    )
  })

  it('a plan that fits', () => {
    expect(foresee(predicting())).toEqual([])
  })
})

describe('explainFindings', () => {
  // 200 connects, of which 126 hung; another namespace had filled the hash chains.
  const lossy = run({
    connections: { requested: 200, attempted: 200, established: 150, failed: 50, peak: 150 },
    errors: [tally('timeout', 'ETIMEDOUT', 50)],
    retransmits: { syn: 76, connectionsWithSynRetry: 60 }
  })

  it('names the cause and not its symptoms', () => {
    const deltas = rose({
      'Conntrack.chaintoolong': 441,
      'Conntrack.insert_failed': 441,
      'TcpExt.TCPSynRetrans': 190
    })
    expect(ids(explainFindings(explaining({ run: lossy, deltas })))).toEqual(['conntrack-chain-too-long'])
  })

  it('names the symptoms when a counter accounts for few of them', () => {
    const deltas = rose({
      'Conntrack.chaintoolong': 4,
      'Conntrack.insert_failed': 4,
      'TcpExt.TCPSynRetrans': 190
    })
    expect(ids(explainFindings(explaining({ run: lossy, deltas })))).toEqual(['syn-unanswered', 'syn-loss'])
  })

  it('sorts by severity, then causes before symptoms', () => {
    const deltas = rose({
      'TcpExt.ListenOverflows': 400,
      'TcpExt.ListenDrops': 400,
      'Conntrack.chaintoolong': 441
    })
    const outcome = run({ ...lossy, connections: { ...lossy.connections, closedByPeer: 1 } })
    expect(ids(explainFindings(explaining({ run: outcome, deltas, peerIsHere: true })))).toEqual([
      'conntrack-chain-too-long',
      'accept-queue-overflow'
    ])
  })

  it('gives each finding evidence, a remedy and a one-line title, and drops internal fields', () => {
    const deltas = rose({
      'TcpExt.ListenOverflows': 400,
      'TcpExt.ListenDrops': 400,
      'Conntrack.chaintoolong': 441
    })
    for (const finding of explainFindings(explaining({ run: lossy, deltas, peerIsHere: true }))) {
      expect(Object.keys(finding)).toEqual(['id', 'severity', 'side', 'title', 'evidence', 'remedy'])
      expect(finding.evidence).not.toEqual([])
      expect(finding.remedy).not.toEqual([])
      expect(finding.title).not.toContain('\n')
    }
  })
})

describe('foresee', () => {
  it('works without a scenario when a host is judged for a role', () => {
    const needs = { tuples: 0, ratePerSecond: 5_000_000, conntrackEntries: 1_000_000 }
    const findings = foresee(predicting({ scenario: null, needs }))
    expect(ids(findings)).toEqual(['conntrack-table-full', 'dialer-saturated'])
    expect(linesOf(findings[0])).toContain("nft 'add rule inet c1m pre tcp dport PORT notrack'")
  })

  it('predicts both failures of a million connections on untuned conntrack, the first to occur first', () => {
    const findings = foresee(
      predicting({
        facts: {
          kernel: { release: '5.15.0-91-generic', version: { major: 5, minor: 15, patch: 0 } },
          conntrack: { count: 120, max: 65_536, buckets: 16_384, entriesAllNamespaces: null }
        },
        needs: {
          connections: 1_000_000,
          descriptors: 1_000_000,
          conntrackEntries: 1_000_000,
          conntrackEntriesOnHost: 1_000_000,
          sockets: 1_000_000
        },
        scenario: { connections: 1_000_000, targets: [target] }
      })
    )
    expect(ids(findings)).toEqual(['conntrack-table-full', 'conntrack-chain-too-long'])
    expect(findings[0]?.title).toBe(
      'connection tracking holds 65,536 entries and 1,000,120 are needed: SYNs are dropped from connection 65,416 on'
    )
    expect(findings[1]?.title).toMatch(/^up to 100 % of first SYNs will be dropped/)
  })

  it('sorts findings without a number of connections last', () => {
    const findings = foresee(
      predicting({ needs: { tuples: 500, ratePerSecond: 5_000_000, descriptorsPerTable: 10, tables: 10 } })
    )
    expect(ids(findings)).toEqual(['descriptor-limit', 'tuple-space-exhausted', 'dialer-saturated'])
    expect(findings.map(({ bindsAt }) => bindsAt)).toEqual([100, 500, null])
  })
})

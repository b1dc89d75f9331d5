import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { type FactsOfHosts, readFactsFile } from '../../../lib/host/facts_file.js'
import { type PlanOptions, plan } from '../../../lib/plan/plan.js'
import { facts } from '../checks/fixtures.js'

const incident = await readFactsFile(
  fileURLToPath(new URL('../../fixtures/incident-1.json', import.meta.url))
)

/** The command of the first incident, on hosts with these settings. */
const million = (hosts: FactsOfHosts = incident, options: PlanOptions = {}) =>
  plan({
    connections: 1_000_000,
    targets: ['192.0.2.120:8100-8119'],
    source: ['192.0.2.44'],
    facts: hosts,
    ...options
  })

const named = ({ findings }: Awaited<ReturnType<typeof plan>>) =>
  findings.map(({ id, side }) => `${side}: ${id}`)

function tracking(conntrack: object): FactsOfHosts {
  const { client, server } = incident as Required<FactsOfHosts>
  return { client, server: { ...server, conntrack: { ...server.conntrack, ...conntrack } } }
}

describe('the plan for the first incident', () => {
  it('predicts the full table, then the long chains', async () => {
    const planned = await million()
    expect(planned.fits).toBe(false)
    expect(named(planned).slice(0, 2)).toEqual([
      'server: conntrack-table-full',
      'server: conntrack-chain-too-long'
    ])
    const [full, chains] = planned.findings
    expect(full?.bindsAt).toBe(65_536 - 120)
    expect(chains?.bindsAt).toBeGreaterThan(65_536)
    for (const { evidence, remedy } of [full, chains].flatMap((finding) => finding ?? [])) {
      expect(evidence).not.toEqual([])
      expect(remedy).toContain("nft 'add rule inet c1m pre tcp dport 8100-8119 notrack'")
      expect(remedy).toContain('sysctl -w net.netfilter.nf_conntrack_buckets=1048576')
    }
    expect(full?.remedy).toContain('sysctl -w net.netfilter.nf_conntrack_max=2097152')
  })

  it('predicts the descriptor limit third: ulimit -n 1000000 leaves none for other files', async () => {
    const { findings } = await million()
    expect(findings[2]).toMatchObject({ id: 'descriptor-limit', side: 'client', bindsAt: 999_936 })
    expect(findings).toHaveLength(3)
  })

  it.each([16_384, 65_536])(
    'with only the table raised, predicts long chains in %i buckets',
    async (buckets) => {
      const planned = await million(tracking({ max: 6_553_600, buckets }))
      expect(named(planned)[0]).toBe('server: conntrack-chain-too-long')
    }
  )

  it('gives the same order with the default buckets of that kernel', async () => {
    expect(named(await million(tracking({ buckets: 65_536 }))).slice(0, 2)).toEqual([
      'server: conntrack-table-full',
      'server: conntrack-chain-too-long'
    ])
  })

  it.each([
    ['both raised', { max: 6_553_600, buckets: 1_048_576 }],
    ['tracking not loaded', { count: null, max: null, buckets: null }]
  ])('predicts no conntrack finding with %s', async (_, conntrack) => {
    expect(named(await million(tracking(conntrack)))).toEqual(['client: descriptor-limit'])
  })

  it('needs the facts of one host only', async () => {
    const conntrack = { count: 0, max: 65_536, buckets: 16_384, entriesAllNamespaces: null }
    const kernel = { release: '5.15.0', version: { major: 5, minor: 15, patch: 0 } }
    const planned = await million({ client: facts({ conntrack, kernel }) })
    expect(named(planned)).toEqual(['client: conntrack-table-full', 'client: conntrack-chain-too-long'])
    expect(planned.unknown.join('\n')).toContain('everything about the server')
    expect(planned.unknown.join('\n')).toContain('whether a rule of the dialing host tracks connections')
  })

  it('takes the server from its own file', async () => {
    const { client, server } = incident as Required<FactsOfHosts>
    const planned = await million({ client }, { serverFacts: server })
    expect(named(planned)).toEqual(named(await million()))
    await expect(million(incident, { serverFacts: server })).rejects.toMatchObject({
      code: 'C1M_OPTION_CONFLICT'
    })
  })

  it('counts all shards together at the server', async () => {
    const planned = await million(incident, { connections: 50_000, shard: '3/20' })
    expect(planned.needs.server?.connections).toBe(1_000_000)
    expect(planned.tuples).toMatchObject({ sourcePorts: 3175, portsOfOtherShards: 60_313 })
    expect(named(planned)).toEqual(['server: conntrack-table-full', 'server: conntrack-chain-too-long'])
  })
})

describe('plan explains what dial refuses:', () => {
  const here = { client: facts() }

  it('too few tuples', async () => {
    const planned = await plan({ connections: 100_000, targets: ['10.0.0.2:80'], facts: here })
    expect(planned).toMatchObject({ fits: false, tuples: { capacity: 63_488 } })
    expect(planned.findings[0]).toMatchObject({ id: 'tuple-space-exhausted', bindsAt: 63_488 })
  })

  it('too few descriptors', async () => {
    const few = { client: facts({ limits: { nofileHard: 64 } }) }
    const planned = await plan({ connections: 100_000, targets: ['10.0.0.2:80-90'], facts: few })
    expect(planned.findings[0]).toMatchObject({ id: 'descriptor-limit', bindsAt: 1024 * 32 })
  })

  it('sources that this host does not have', async () => {
    const planned = await plan({ targets: ['127.0.0.1:80'], source: ['198.51.100.7'] })
    expect(planned.findings[0]).toMatchObject({ id: 'source-address-missing', bindsAt: 0 })
  })

  it('a public target without consent', async () => {
    const planned = await plan({ targets: ['203.0.113.1:80'], facts: here })
    expect(planned).toMatchObject({ fits: true, findings: [] })
  })
})

describe('the plan of a churn', () => {
  const churn = { connections: 1000, churn: true, durationMs: 300_000, targets: ['10.0.0.2:80-99'] }
  const tracked = facts({
    conntrack: { count: 5, max: 262_144, buckets: 1_048_576 },
    tcp: { maxTwBuckets: 100_000 }
  })
  const of = async (options: PlanOptions) =>
    named(await plan({ ...churn, facts: { client: tracked, server: tracked }, ...options }))

  it('fills tracking on both sides with closed connections, and TIME_WAIT on the side that closes', async () => {
    expect(await of({ rate: 5000 })).toEqual([
      'client: conntrack-table-full',
      'server: conntrack-table-full',
      'client: time-wait-overflow'
    ])
    expect(await of({ rate: 5000, close: 'rst' })).toEqual([])
    expect((await of({ rate: 5000, closeBy: 'server' })).at(-1)).toBe('server: time-wait-overflow')
  })

  it('says what it cannot calculate', async () => {
    const planned = await plan({ ...churn, facts: { client: tracked } })
    expect(planned.unknown.join()).toContain('the rate of a churn at full speed')
    expect(planned.time).toMatchObject({ dialSeconds: null, boundSeconds: 300 })
  })
})

describe('a NAT in a plan', () => {
  const nat = { natPorts: '2048-65535', timeWaitMs: 112_500, lvsTimeoutMs: 120_000 }
  const rates = async (options: PlanOptions) => named(await plan({ ...options, facts: { client: facts() } }))

  it('is reported when its 5-tuples repeat too early', async () => {
    expect(await rates({ ...nat, rate: 550 })).toEqual(['path: tuple-reuse-rate'])
    expect(await rates({ ...nat, rate: 520 })).toEqual([])
    expect(await rates({ ...nat, rate: 1500, natSources: 3 })).toEqual([])
    expect(await rates({ ...nat, rate: 1600, natSources: 3 })).toEqual(['path: tuple-reuse-rate'])
  })

  it('limits the tuple space', async () => {
    const planned = await plan({
      connections: 100_000,
      targets: ['10.0.0.2:80', '10.0.0.3:80'],
      natPorts: '2048-4095',
      facts: { client: facts() }
    })
    expect(planned.tuples).toMatchObject({ capacity: 4096, natTuples: 4096 })
    expect(planned.findings[0]).toMatchObject({ id: 'tuple-space-exhausted', bindsAt: 4096 })
  })
})

it('plan uses this host when no facts are given', async () => {
  const planned = await plan({ connections: 1000, workers: 2, rate: 500, holdMs: 1000 })
  expect(planned).toMatchObject({
    schema: 'c1m-native/plan@1',
    scenario: { workers: 2, selfDial: true, targets: [] },
    needs: { client: { descriptors: 2000, sockets: 2000 }, server: null },
    tables: 2,
    memory: { kernelBytes: 8_000_000 },
    time: { dialSeconds: 2, holdSeconds: 1 },
    nat: null
  })
  expect(planned.tuples.otherSockets).toEqual(expect.any(Number))
  expect(JSON.parse(JSON.stringify(planned))).toEqual(planned)
})

it('plan accepts its own output as facts', async () => {
  const planned = await million()
  const again = await million(JSON.parse(JSON.stringify(planned)))
  expect(again).toEqual(planned)
})

it('plan knows which ports are reserved', async () => {
  const ports = { reserved: [[1, 1100] as [number, number], [60_000, 60_009] as [number, number]] }
  const of = (sourcePorts: string) =>
    plan({ targets: ['10.0.0.2:80'], sourcePorts, facts: { client: facts({ ports }) } })
  expect((await of('1024-65535')).tuples).toMatchObject({ reservedPorts: 87, sourcePorts: 64_425 })
  expect((await of('2000-3000')).tuples).toMatchObject({ reservedPorts: 0, sourcePorts: 1001 })
  const byDefault = await plan({ targets: ['10.0.0.2:80'], facts: { client: facts({ ports }) } })
  expect(byDefault.tuples).toMatchObject({ reservedPorts: 87, portsLeftToOthers: 1024, sourcePorts: 63_401 })
  const unknown = await plan({ targets: ['10.0.0.2:80'], facts: {} })
  expect(unknown.tuples.reservedPorts).toBeNull()
})

it('plan refuses contradictory options and invalid facts', async () => {
  await expect(plan({ connections: 0 })).rejects.toMatchObject({ code: 'C1M_OPTION_INVALID' })
  await expect(plan({ facts: { tcp: { somaxconn: 'x' } } as never })).rejects.toMatchObject({
    code: 'C1M_FACTS_INVALID'
  })
})

describe('a device in a plan', () => {
  it('is refused when this host has no device of that name, for any target', async () => {
    for (const options of [{}, { targets: ['127.0.0.1:80'] }, { targets: ['198.18.0.1:80'] }])
      await expect(plan({ ...options, device: 'nosuch0' })).rejects.toMatchObject({
        code: 'C1M_OPTION_INVALID',
        message: "device is 'nosuch0', and this host has no such device"
      })
  })

  it('of another host is accepted, and leaves the source address unknown', async () => {
    const { client } = incident as Required<FactsOfHosts>
    const { scenario } = await plan({ targets: ['192.0.2.120:80'], device: 'nosuch0', facts: client })
    expect(scenario.sources).toEqual([{ first: '0.0.0.0', last: '0.0.0.0' }])
    expect(scenario.socketOptions.device).toBe('nosuch0')
  })
})

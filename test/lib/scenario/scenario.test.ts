import { availableParallelism } from 'node:os'
import { describe, expect, it } from 'vitest'
import { dialDefaults } from '../../../lib/scenario/defaults.js'
import type { DialOptions, ListenOptions } from '../../../lib/scenario/options.js'
import { resolveDial, resolveListen, type ScenarioFacts } from '../../../lib/scenario/scenario.js'
import { chosenSocketOptions, type SocketOptions } from '../../../lib/scenario/socket_options.js'

const facts: ScenarioFacts = {
  kernel: { release: null, version: null, cpus: null, capabilities: '0', initialUserNamespace: null },
  limits: {
    nofileSoft: 1024,
    nofileHard: 20_000,
    nrOpen: null,
    fileMax: null,
    filesOpen: null,
    pidMax: null,
    threadsMax: null
  },
  ports: { localRange: null, reserved: [[8080, 8080]], unprivilegedStart: 1024 }
}

const cpus = availableParallelism()

describe('resolveDial', () => {
  it('fills in every default of a self-dial', async () => {
    expect(await resolveDial({ seed: 3 }, facts)).toEqual({
      kind: 'dial',
      targets: [],
      otherAddresses: [],
      selfDial: true,
      ...dialDefaults,
      rate: [],
      sources: [{ first: '127.0.1.1', last: '127.0.1.1' }],
      sourcePorts: [
        [1024, 8079],
        [8081, 59_975],
        [61_000, 65_535]
      ],
      shardIndex: 0,
      shardCount: 1,
      seed: 3,
      tuples: 63_487 * cpus,
      workers: cpus,
      maxTables: 1024,
      exchange: null,
      socketOptions: chosenSocketOptions({}),
      durationMs: null,
      nat: null
    })
  })

  it('accepts every option', async () => {
    const options: Required<
      Omit<DialOptions, 'ramp' | 'signal' | keyof SocketOptions | 'expectBytes' | 'messageSize' | 'closeBy'>
    > = {
      targets: ['127.0.0.1:8100-8119'],
      addresses: 'all',
      connections: 1_000_000,
      rate: 50_000,
      window: 64,
      source: ['127.0.3.1-127.0.3.2'],
      sourcePorts: '10000-60000',
      shard: '2/2',
      seed: 7,
      workers: 3,
      connectTimeoutMs: 250,
      synRetries: 2,
      holdMs: 60_000,
      send: 'PING\\r\\n',
      expect: '+PONG',
      everyMs: 10_000,
      exchangeTimeoutMs: 1000,
      churn: false,
      keepGoing: false,
      close: 'rst',
      durationMs: 120_000,
      census: true,
      sample: 1000,
      natPorts: '2048-2147',
      natSources: 2,
      natDestinations: 3,
      timeWaitMs: 60_000,
      lvsTimeoutMs: 120_000,
      authorized: true
    }
    expect(await resolveDial(options, facts)).toEqual({
      kind: 'dial',
      targets: [{ host: '127.0.0.1', address: '127.0.0.1', firstPort: 8100, lastPort: 8119 }],
      otherAddresses: [],
      selfDial: false,
      connections: 1_000_000,
      rate: [{ atMs: 0, perSecond: 50_000 }],
      window: 64,
      sources: [{ first: '127.0.3.1', last: '127.0.3.2' }],
      sourcePorts: [[10_000, 60_000]],
      shardIndex: 1,
      shardCount: 2,
      seed: 7,
      tuples: 2 * 25_000 * 20,
      workers: 3,
      maxTables: 1024,
      connectTimeoutMs: 250,
      synRetries: 2,
      holdMs: 60_000,
      exchange: { send: 'PING\\r\\n', sendBytes: 6, expect: '+PONG', expectBytes: 5, everyMs: 10_000 },
      exchangeTimeoutMs: 1000,
      socketOptions: chosenSocketOptions({}),
      churn: false,
      close: 'rst',
      closeBy: 'client',
      keepGoing: false,
      durationMs: 120_000,
      census: true,
      sample: 1000,
      nat: {
        firstPort: 2048,
        lastPort: 2147,
        ports: 100,
        sourceAddresses: 2,
        destinations: 3,
        tuples: 600,
        limits: [
          { rememberedBy: 'LVS', lifetimeSeconds: 120, perSecond: 5 },
          { rememberedBy: 'TIME_WAIT', lifetimeSeconds: 60, perSecond: 10 }
        ]
      },
      authorized: true
    })
  })

  it('starts at a random tuple unless a seed is given', async () => {
    const seeds = await Promise.all(
      Array.from({ length: 4 }, async () => (await resolveDial({}, facts)).seed)
    )
    expect(new Set(seeds).size).toBeGreaterThan(1)
    for (const seed of seeds) expect(Number.isInteger(seed) && seed >= 0 && seed < 2 ** 32).toBe(true)
    expect(await resolveDial({ seed: 2 ** 32 - 1 }, facts)).toMatchObject({ seed: 2 ** 32 - 1 })
    for (const seed of [-1, 0.5, 2 ** 32])
      await expect(resolveDial({ seed }, facts)).rejects.toMatchObject({ code: 'C1M_OPTION_INVALID' })
  })

  it('accepts the options of a churn', async () => {
    const options: DialOptions = {
      targets: ['127.0.0.1:80'],
      connections: 10,
      churn: true,
      closeBy: 'server',
      messageSize: 1,
      rate: 500
    }
    expect(await resolveDial(options, facts)).toMatchObject({
      churn: true,
      closeBy: 'server',
      exchange: { send: '', sendBytes: 1, expect: '', expectBytes: 1, everyMs: null },
      durationMs: 10_000
    })
    expect(await resolveDial({ ...options, durationMs: 500 }, facts)).toMatchObject({ durationMs: 500 })
  })

  it('gives a churn as many workers as it needs descriptor tables for its open connections', async () => {
    const options = { churn: true, connections: 60_000, workers: 2 }
    expect(await resolveDial(options, facts)).toMatchObject({ workers: 7, tuples: 7 * 63_487 })
    expect(await resolveDial({ ...options, targets: ['127.0.0.1:80'] }, facts)).toMatchObject({ workers: 4 })
    expect(await resolveDial({ ...options, connections: 10_000 }, facts)).toMatchObject({ workers: 2 })
  })

  it('returns plain JSON', async () => {
    const scenario = await resolveDial({ ramp: '0:1k,10s:2k', send: Buffer.from([0, 255]) }, facts)
    expect(JSON.parse(JSON.stringify(scenario))).toEqual(scenario)
    expect(scenario.rate).toEqual([
      { atMs: 0, perSecond: 1000 },
      { atMs: 10_000, perSecond: 2000 }
    ])
  })

  it('accepts a ramp as points, in either form', async () => {
    const rate = [
      { atMs: 0, perSecond: 1000 },
      { atMs: 10_000, perSecond: 2000 }
    ]
    expect(await resolveDial({ ramp: rate }, facts)).toMatchObject({ rate })
    expect(await resolveDial({ ramp: '0:1k,10s:2k' }, facts)).toMatchObject({ rate })
  })

  it('reads this host when no facts are given', async () => {
    expect(await resolveDial({ connections: 1 })).toMatchObject({ connections: 1, workers: 1 })
  })

  it('uses no more workers than connections, or than handshakes in the window', async () => {
    expect(await resolveDial({ connections: 2, workers: 8 }, facts)).toMatchObject({ workers: 2 })
    expect(await resolveDial({ window: 3, workers: 8 }, facts)).toMatchObject({ workers: 3 })
  })

  it.each<[DialOptions, string]>([
    [{ connections: 0 }, 'connections is 0, and must be a whole number from 1 to 2,147,483,647'],
    [{ connections: -5 }, 'connections is -5, and must be a whole number from 1 to 2,147,483,647'],
    [{ connections: Number.NaN }, 'connections is NaN, and must be a whole number from 1 to 2,147,483,647'],
    [{ rate: 0 }, 'rate is 0, and must be more than zero connections per second'],
    [{ window: 0 }, 'window is 0, and must be a whole number from 1 to 16,777,216'],
    [{ workers: 0 }, 'workers is 0, and must be a whole number from 1 to 1,024'],
    [{ workers: 1025 }, 'workers is 1,025, and must be a whole number from 1 to 1,024'],
    [
      { connectTimeoutMs: 0 },
      'connectTimeoutMs is 0, and must be a whole number of milliseconds from 1 to 2,147,483,647'
    ],
    [{ synRetries: 0 }, 'synRetries is 0, and must be a whole number from 1 to 127'],
    [{ synRetries: 128 }, 'synRetries is 128, and must be a whole number from 1 to 127'],
    [
      { everyMs: 0, send: 'a', holdMs: 1 },
      'everyMs is 0, and must be a whole number of milliseconds from 1 to 2,147,483,647'
    ],
    [{ closeBy: 'me' as 'client' }, "closeBy is 'me', and must be client or server"],
    [{ holdMs: -1 }, 'holdMs is -1, and must be a whole number of milliseconds from 0 to 2,147,483,647'],
    [
      { durationMs: 0 },
      'durationMs is 0, and must be a whole number of milliseconds from 1 to 2,147,483,647'
    ],
    [{ close: 'abort' as 'fin' }, "close is 'abort', and must be fin or rst"],
    [
      { targets: 'localhost:80' as unknown as string[] },
      "targets is 'localhost:80', and must be a list of texts"
    ]
  ])('refuses %o', async (options, message) => {
    await expect(resolveDial(options, facts)).rejects.toMatchObject({
      code: 'C1M_OPTION_INVALID',
      message,
      exitCode: 2
    })
  })

  it.each<[DialOptions, string]>([
    [{ rate: 5, ramp: '0:5' }, 'C1M_OPTION_CONFLICT'],
    [{ messageSize: 1, send: 'a' }, 'C1M_OPTION_CONFLICT'],
    [{ churn: true, holdMs: 1000 }, 'C1M_OPTION_CONFLICT'],
    [{ churn: true, closeBy: 'server', messageSize: 1 }, 'C1M_OPTION_CONFLICT'],
    [{ send: '\\q' }, 'C1M_MESSAGE_INVALID'],
    [{ send: '@/nonexistent' }, 'C1M_FILE_UNREADABLE'],
    [{ ramp: '5s:5' }, 'C1M_RAMP_INVALID'],
    [{ ramp: [{ atMs: 5000, perSecond: 5 }] }, 'C1M_RAMP_INVALID'],
    [{ shard: '3/2' }, 'C1M_SHARD_INVALID'],
    [{ sourcePorts: '80-90' }, 'C1M_SOURCE_PORTS_INVALID'],
    [{ sourcePorts: '8080' }, 'C1M_SOURCE_PORTS_INVALID'],
    [{ targets: ['localhost'] }, 'C1M_TARGET_INVALID'],
    [{ targets: ['localhost:0'] }, 'C1M_TARGET_INVALID'],
    [{ source: ['nowhere'] }, 'C1M_SOURCE_INVALID'],
    [{ source: ['::1'] }, 'C1M_SOURCE_INVALID']
  ])('refuses %o with %s', async (options, code) => {
    await expect(resolveDial(options, facts)).rejects.toMatchObject({ code, exitCode: 2 })
  })

  it('refuses public targets', async () => {
    const options = { targets: ['8.8.8.8:53'] }
    await expect(resolveDial(options, facts)).rejects.toMatchObject({ code: 'C1M_AUTHORIZATION_REQUIRED' })
  })

  it('reports too few tuples', async () => {
    const options = { targets: ['127.0.0.1:80'], source: ['127.0.0.1'], connections: 100_000 }
    await expect(resolveDial(options, facts)).rejects.toMatchObject({
      code: 'C1M_TUPLES_EXHAUSTED',
      message: expect.stringContaining(
        'there are 63,487: 1 source address x 63,487 source ports x 1 destination'
      ),
      hint: "Use 2 source addresses (source: ['A-B']) or 2 destination ports (host:port-port)."
    })
  })

  it('gives each worker of a self-dial the whole source space', async () => {
    const options = { source: ['127.0.0.1'], sourcePorts: '20000-20099', workers: 4 }
    expect(await resolveDial({ ...options, connections: 400 }, facts)).toMatchObject({
      tuples: 400,
      workers: 4
    })
    await expect(resolveDial({ ...options, connections: 401 }, facts)).rejects.toMatchObject({
      code: 'C1M_TUPLES_EXHAUSTED',
      message: expect.stringContaining('4 listeners')
    })
  })

  it('reports too few descriptors, two for each connection of a self-dial', async () => {
    const few = { ...facts, limits: { ...facts.limits, nofileHard: 128 } }
    const error = { code: 'C1M_DESCRIPTOR_LIMIT', exitCode: 3 }
    await expect(resolveDial({ connections: 50_000 }, few)).rejects.toMatchObject({
      ...error,
      message: expect.stringContaining('of 50,000 connections, 49,152 fit')
    })
    const away = { targets: ['127.0.0.1:80'] }
    expect(await resolveDial({ ...away, connections: 98_304 }, few)).toMatchObject({ connections: 98_304 })
    await expect(resolveDial({ ...away, connections: 98_305 }, few)).rejects.toMatchObject(error)
  })

  it.each(['unlimited', null] as const)('ignores a descriptor limit of %s', async (nofileHard) => {
    const open = { ...facts, limits: { ...facts.limits, nofileHard } }
    expect(await resolveDial({ connections: 1_000_000 }, open)).toMatchObject({ connections: 1_000_000 })
  })
})

describe('resolveListen', () => {
  it('fills in every default', async () => {
    expect(await resolveListen()).toEqual({
      kind: 'listen',
      targets: [{ host: '127.0.0.1', address: '127.0.0.1', firstPort: 0, lastPort: 0 }],
      mode: 'sink',
      workers: cpus,
      maxTables: 1024,
      backlog: 4096,
      close: 'fin',
      socketOptions: chosenSocketOptions({})
    })
  })

  it('accepts every option', async () => {
    const options: Required<Omit<ListenOptions, 'signal' | keyof SocketOptions>> = {
      targets: ['0.0.0.0:8100-8119', '[::1]:9000'],
      mode: 'close-first',
      workers: 2,
      backlog: 64,
      close: 'rst'
    }
    expect(await resolveListen(options)).toMatchObject({
      targets: [
        { address: '0.0.0.0', firstPort: 8100, lastPort: 8119 },
        { address: '::1', firstPort: 9000, lastPort: 9000 }
      ],
      mode: 'close-first',
      workers: 2,
      backlog: 64,
      close: 'rst'
    })
  })

  it.each<[ListenOptions, string]>([
    [{ mode: 'eat' as 'sink' }, "mode is 'eat', and must be sink or echo or close-first"],
    [{ backlog: 0 }, 'backlog is 0, and must be a whole number from 1 to 2,147,483,647'],
    [{ workers: 0.5 }, 'workers is 0.5, and must be a whole number from 1 to 1,024']
  ])('refuses %o', async (options, message) => {
    await expect(resolveListen(options)).rejects.toMatchObject({ code: 'C1M_OPTION_INVALID', message })
  })
})

/** Random calls of the library with valid, almost valid and invalid options. */
import type * as Library from '../../lib/index.js'
import type { Random } from './random.js'
import { anyValue, oddFacts, sources, targets, texts, throwing } from './values.js'

/** A call, and how to write it down. */
export interface LibraryCall {
  name: string
  /** For a person: values without a literal are described. */
  options: unknown
  run(): Promise<unknown>
}

type Values = Readonly<Record<string, (random: Random) => unknown>>

const whole = (random: Random) => random.pick([1, 2, 5, 50, 200, 1000])
const ms = (random: Random) => random.pick([1, 5, 20, 60])
const list = (items: readonly string[]) => (random: Random) =>
  Array.from({ length: 1 + random.below(2) }, () => random.pick(items))
const oneOf =
  (...items: unknown[]) =>
  (random: Random) =>
    random.pick(items)

const dialValues: Values = {
  targets: list(targets),
  connections: whole,
  rate: oneOf(1, 500, 1e6, 0.5),
  ramp: oneOf('0:1k/s', '0:10,1s:20', '0:0,20ms:5k', [{ atMs: 0, perSecond: 5000 }], [{ atMs: 5 }]),
  window: whole,
  source: list(sources),
  sourcePorts: oneOf('1024-65535', '20000-20010', '5000', '80'),
  shard: oneOf('1/1', '1/2', '3/3', '65535/65535'),
  seed: oneOf(0, 1, 2 ** 32 - 1, 2 ** 32, -1, 0.5),
  workers: oneOf(1, 2, 3, 64),
  connectTimeoutMs: ms,
  synRetries: oneOf(1, 2, 127),
  holdMs: ms,
  close: oneOf('fin', 'rst'),
  durationMs: ms,
  census: oneOf(true, false),
  sample: oneOf(0, 1, 10, 1e6),
  authorized: oneOf(true, false),
  send: oneOf('PING', '\\x00', Uint8Array.of(1, 2), '@facts.json', '@none', '\\q'),
  expect: oneOf('PONG', 'P', Uint8Array.of(1)),
  expectBytes: oneOf(1, 64),
  messageSize: oneOf(1, 64, 1e6),
  everyMs: ms,
  exchangeTimeoutMs: ms,
  churn: oneOf(true, false),
  closeBy: oneOf('client', 'server'),
  natPorts: oneOf('1024-65535', '5-9'),
  natSources: whole,
  natDestinations: whole,
  timeWaitMs: ms,
  lvsTimeoutMs: ms
}

const listenValues: Values = {
  targets: oneOf(['127.0.0.1:0'], ['127.0.0.1:0', '[::1]:0'], ['127.0.0.1:20100-20103'], ['198.51.100.1:80']),
  mode: oneOf('sink', 'echo', 'close-first'),
  workers: oneOf(1, 2, 64),
  backlog: oneOf(1, 4096),
  close: oneOf('fin', 'rst')
}

const watchValues: Values = {
  targets: list(targets),
  ports: oneOf(['80'], ['1-65535'], ['0'], ['http']),
  everyMs: oneOf(10, 20, 1000),
  drops: oneOf(true, false)
}

const goalValues: Values = {
  targets: list(targets),
  connections: oneOf(1, 1e6, 1e9),
  rate: oneOf(1, 1e6),
  role: oneOf('client', 'server', 'both')
}

/** Facts, parts of facts, and values that are no facts. */
const facts = (random: Random, whole: unknown): unknown =>
  random.pick([
    oddFacts(whole, random),
    { client: oddFacts(whole, random), server: oddFacts(whole, random) },
    {},
    { client: {}, server: {} },
    { kernel: { release: '6.1.0', cpus: 2 }, limits: { nofileHard: 1024, fileMax: 0 } },
    { ports: { localRange: [1024, 1024], reserved: [[1, 65_535]], unprivilegedStart: 0 } },
    { tcp: { somaxconn: 0, ehashEntries: 0, maxTwBuckets: 0, synRetries: 255 } },
    {
      memory: { totalBytes: 0, availableBytes: 0, pageBytes: 1, tcpPages: { low: 0, pressure: 0, high: 0 } }
    },
    { conntrack: { count: 0, max: 0, buckets: 0, boundsChains: true } },
    { conntrack: { count: Number.MAX_SAFE_INTEGER, max: 1, buckets: Number.MAX_SAFE_INTEGER } },
    { cgroup: { memoryMaxBytes: 0, memoryCurrentBytes: 1, pidsMax: 0 } },
    { tcp: anyValue(random) },
    { [random.pick(texts)]: {} },
    anyValue(random)
  ])

const planValues = (whole: unknown): Values => ({
  ...dialValues,
  facts: (random) => facts(random, whole),
  serverFacts: (random) => facts(random, whole)
})

/** Times after which a run is stopped, milliseconds: well before any of the values above would end it. */
const stopMs = [0, 0, 1, 5, 30, 100]

/** What a call needs besides its random values. */
export interface Surroundings {
  /** An empty folder: a host without /proc, whose sysctls cannot be changed. */
  root: string
  /** Facts of this host. */
  facts: unknown
}

export function libraryCall(random: Random, library: typeof Library, host: Surroundings): LibraryCall {
  const { root } = host
  const places = { procRoot: root, sysRoot: root, etcRoot: root, stateFolder: `${root}/state` }
  const name = random.pick([
    'dial',
    'dial',
    'dial',
    'listen',
    'watch',
    'plan',
    'plan',
    'doctor',
    'revertDoctor',
    'snapshots'
  ])
  const call = (options: unknown, run: () => Promise<unknown>): LibraryCall => ({ name, options, run })
  if (name === 'dial') {
    const options = anyOptions(dialValues, random)
    const afterMs = random.pick(stopMs)
    const period = random.chance(0.5) ? { everyMs: 5 } : anyOptions({ everyMs: ms }, random)
    const asks = random.chance(0.3)
    return call(options, () => runDial(library, options, { afterMs, period, asks }))
  }
  if (name === 'listen') {
    const options = anyOptions(listenValues, random)
    return call(options, async () => {
      await using server = await library.listen(options as Library.ListenOptions)
      await server.snapshots().next()
      await Promise.all([server.close(), server.close()])
    })
  }
  if (name === 'watch') {
    const options = anyOptions(watchValues, random)
    return call(options, async () => {
      await using watching = await library.watch(options as Library.WatchOptions)
      for await (const { tSeconds } of watching.snapshots()) if (tSeconds >= 0) break
    })
  }
  if (name === 'plan') {
    const options = anyOptions(planValues(host.facts), random)
    return call(options, () => library.plan(options as Library.PlanOptions))
  }
  if (name === 'doctor') {
    const options = anyOptions(goalValues, random)
    const where = random.chance(0.5) ? places : {}
    // Applied only in the empty folder.
    const apply = where === places && random.chance(0.3) ? { apply: random.pick([true, 'true', 1]) } : {}
    const all = isPlain(options) ? Object.assign(options, apply) : options
    return call(all, () => library.doctor(all as Library.DoctorOptions, where))
  }
  if (name === 'revertDoctor') {
    const hostile = random.chance(0.5) ? places : anyOptions({ procRoot: oneOf(root) }, random)
    const given = isPlain(hostile) ? Object.assign(hostile, { stateFolder: places.stateFolder }) : hostile
    return call(given, async () => library.revertDoctor(given as never))
  }
  const options = anyOptions({ everyMs: ms }, random)
  return call(options, async () => {
    await using server = await library.listen({ workers: 1 })
    const snapshots = server.snapshots(options as Library.SnapshotOptions)
    await snapshots.next()
    await snapshots.return?.()
  })
}

interface Conduct {
  afterMs: number
  period: unknown
  /** Whether a census is requested at an arbitrary moment. */
  asks: boolean
}

async function runDial(
  library: typeof Library,
  options: unknown,
  { afterMs, period, asks }: Conduct
): Promise<void> {
  await using run = library.dial(options as Library.DialOptions)
  const timer = setTimeout(() => run.close(), afterMs)
  try {
    await Promise.all([run.result, watchRun(run, period), asks ? run.census() : null])
  } finally {
    clearTimeout(timer)
  }
}

async function watchRun(run: Library.DialRun, period: unknown): Promise<void> {
  for await (const { phase } of run.snapshots(period as Library.SnapshotOptions))
    if (phase === 'closing') break
}

function isPlain(value: unknown): value is object {
  try {
    return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
  } catch {
    return false
  }
}

/** Options with such values, some of them replaced, misspelled or made to throw. */
function anyOptions(values: Values, random: Random): unknown {
  if (random.chance(0.05)) return anyValue(random)
  const names = random.some(Object.keys(values), 4)
  const options: Record<string, unknown> = {}
  for (const name of names) options[name] = values[name]?.(random)
  // Usually without a target, so that a self-dial runs.
  delete options.targets
  if (values.targets && random.chance(0.3)) options.targets = values.targets(random)
  if (random.chance(0.25)) options[random.pick(Object.keys(values))] = anyValue(random)
  if (random.chance(0.05)) options[random.pick(texts)] = anyValue(random)
  if (random.chance(0.05)) options[`${random.pick(Object.keys(values))}s`] = 5
  if (random.chance(0.05))
    options.signal = random.pick([anyValue(random), AbortSignal.abort(), AbortSignal.timeout(5)])
  if (random.chance(0.05))
    Object.defineProperty(options, random.pick(Object.keys(values)), { get: throwing, enumerable: true })
  return options
}

// Calls the raw addon as nobody should: node addon_fuzz.mjs ADDON SEED ROUNDS ADDRESS. Whatever it is called with, it
// throws an Error or does as it is told. Prints one line of JSON at the end: how often what was thrown.
import { createRequire } from 'node:module'

const [, , root, seed, rounds, address] = process.argv
const addon = createRequire(import.meta.url)('node-gyp-build')(root)
const { Run, Drops } = addon

// mulberry32: small, and the same everywhere.
let state = Number(seed) >>> 0
function random() {
  state = (state + 0x6d2b79f5) >>> 0
  let t = Math.imul(state ^ (state >>> 15), state | 1)
  t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
}
const below = (n) => Math.floor(random() * n)
const pick = (list) => list[below(list.length)]
const chance = (p) => random() < p

const thrown = {}
const runs = []
let depth = 0

/** Calls, and takes what is thrown: it must be an Error of JavaScript's. */
function attempt(call) {
  try {
    return call()
  } catch (error) {
    if (!(error instanceof Error)) throw new Error(`thrown: ${String(error)}`)
    thrown[error.constructor.name] = (thrown[error.constructor.name] ?? 0) + 1
  }
}

function detached() {
  const buffer = new ArrayBuffer(4096)
  const view = pick([Uint8Array, Float64Array, DataView])
  const made = chance(0.5) ? buffer : new view(buffer)
  structuredClone(buffer, { transfer: [buffer] })
  return made
}

/** Something that calls the addon while it is read. */
function trap() {
  const act = () => {
    // Not without end.
    if (depth > 2) return below(10)
    depth++
    try {
      step()
    } finally {
      depth--
    }
    if (chance(0.3)) throw chance(0.5) ? new Error('from a getter') : new RangeError('from a getter')
    return pick([0, 1, 7, '127.0.0.1', undefined])
  }
  return {
    valueOf: act,
    toString: act,
    [Symbol.toPrimitive]: act,
    get length() {
      return act()
    },
    get dial() {
      return act()
    }
  }
}

function junk() {
  return pick([
    () => undefined,
    () => null,
    () => true,
    () => -1,
    () => 0,
    () => 1,
    () => 2 ** 31,
    () => 2 ** 32,
    () => 2 ** 53,
    () => 1e300,
    () => Number.NaN,
    () => Infinity,
    () => 0.5,
    () => 10n,
    () => '',
    () => 'fin',
    () => '127.0.0.1',
    () => 'x'.repeat(70_000),
    () => Symbol('s'),
    () => () => {},
    () => ({}),
    () => [],
    () => [[]],
    () => [null],
    () => new Array(5),
    () => new Uint8Array(3),
    () => new Float64Array(64),
    () => new ArrayBuffer(64),
    detached,
    trap,
    () => new Proxy({}, { get: () => trap() }),
    () => new Proxy([], {}),
    () => new SharedArrayBuffer(64),
    () => Object.create(null),
    () => new Date(),
    () => pick(runs)
  ])()
}

const integer = (value) => Buffer.from(Int32Array.of(value).buffer)
const device = (name) => ({ family: 0, level: 1, name: 25, value: Buffer.from(name) })

/** Some that the kernel takes and some that it refuses; none takes a packet off loopback. */
function socketOptions() {
  return Array.from({ length: chance(0.7) ? 0 : pick([1, 1, 3, 3, 80]) }, () =>
    pick([
      { family: 0, level: 1, name: 9, value: integer(1) },
      { family: 0, level: 1, name: pick([7, 8]), value: integer(below(1 << 20)) },
      { family: 2, level: 0, name: 1, value: integer(16) },
      { family: 10, level: 41, name: 67, value: integer(16) },
      { family: 0, level: 1, name: 9, value: Buffer.alloc(pick([0, 1, 3, 256, 257])) },
      { family: pick([0, 2, 10]), level: 1, name: 65_535, value: integer(1) },
      device('lo'),
      device('nosuch0')
    ])
  )
}

function dialConfig() {
  return {
    sources: [{ first: address, last: address }],
    sourcePorts: [{ first: 20_000, last: 40_000 }],
    shardIndex: 0,
    shardCount: 1,
    seed: pick([0, 1, 2 ** 32 - 1]),
    targets: [],
    connections: 1 + below(40),
    window: 16,
    connectTimeoutMs: 500,
    synRetries: 0,
    rate: chance(0.3) ? [{ atMs: 0, perSecond: 500 }] : [],
    close: pick(['fin', 'rst']),
    socketOptions: socketOptions(),
    hold: chance(0.5),
    churn: chance(0.2),
    peerCloses: false,
    ...(chance(0.3) && {
      exchange: {
        send: Buffer.from('hi'),
        expect: Buffer.alloc(0),
        expectBytes: 0,
        everyMs: 0,
        timeoutMs: 200
      }
    })
  }
}

/** One that works, to be spoilt; it dials nobody but itself, whatever is put in it. */
function runConfig() {
  const dials = chance(0.7)
  return {
    workers: 1 + below(3),
    maxTables: 1 + below(4),
    descriptorsPerTable: 64 + below(1000),
    reservedInSharedTable: below(100),
    ...(dials && { dial: dialConfig() }),
    listen: {
      targets: [{ address, firstPort: 0, lastPort: 0 }],
      mode: pick(['sink', 'echo', 'close-first']),
      backlog: 64,
      close: pick(['fin', 'rst']),
      socketOptions: socketOptions()
    }
  }
}

/** Addresses, sizes and numbers of options are left alone where anything but loopback, or too much of it, could come of it. */
const fixed = new Set([
  'address',
  'first',
  'last',
  'sources',
  'targets',
  'workers',
  'maxTables',
  'descriptorsPerTable',
  'connections',
  'rate',
  'level',
  'name'
])

function spoil(object) {
  for (const key of Object.keys(object)) {
    const value = object[key]
    if (value !== null && typeof value === 'object' && !ArrayBuffer.isView(value) && chance(0.8)) spoil(value)
    if (!chance(0.06)) continue
    const instead = fixed.has(key) ? pick([undefined, null, 'x', -1, {}, [null], trap()]) : junk()
    if (chance(0.3)) {
      Object.defineProperty(object, key, {
        get() {
          trap().valueOf()
          return chance(0.5) ? value : instead
        }
      })
    } else {
      object[key] = instead
    }
  }
  return object
}

function newRun() {
  const config = chance(0.5) ? runConfig() : spoil(runConfig())
  const run = new Run(
    chance(0.03) ? junk() : config,
    chance(0.03)
      ? junk()
      : (event) => {
          if (event === 'censused' && chance(0.8)) attempt(() => run.censusTaken())
          if (event === 'ramped' && chance(0.5)) run.close()
          if (event === 'closed' && chance(0.8)) run.join()
        }
  )
  runs.push(run)
  if (chance(0.9)) attempt(() => run.start())
  if (runs.length > 6) {
    const old = runs.splice(below(runs.length), 1)[0]
    old.close()
    old.join()
  }
}

const methods = Object.getOwnPropertyNames(Run.prototype).filter((name) => name !== 'constructor')
const usual = {
  snapshot: () => [new Float64Array(addon.counterNames.length)],
  latency: () => [pick(['connect', 'connectFirstTry', 'exchange', 'lateness'])],
  takeCensus: () => [below(200), 1 + below(3), below(3)]
}

function callMethod() {
  const name = pick(methods)
  const args = chance(0.5) ? (usual[name]?.() ?? []) : Array.from({ length: below(5) }, junk)
  const run = pick(runs)
  const self = chance(0.08)
    ? pick([junk(), Run.prototype, Object.create(Run.prototype), new (class {})(), Drops.prototype])
    : run
  const got = Run.prototype[name].apply(self, args)
  // Whoever has a census may do with its memory what they like.
  if (got?.buffer instanceof ArrayBuffer && chance(0.5))
    structuredClone(got.buffer, { transfer: [got.buffer] })
}

const destinations = [() => '127.0.0.1', () => '::1', () => '192.0.2.1', () => undefined, junk]

function callElse() {
  const endpoint = { address, firstPort: 1, lastPort: 65_535 }
  pick([
    () =>
      addon
        .surveySockets(chance(0.5) ? spoil({ local: [endpoint], listenersOnly: true }) : junk())
        ?.catch?.(() => {}),
    () => addon.readTracefs(junk()),
    () => addon.listDevices(junk()),
    () => addon.neighbourTables(junk()),
    // Asks the kernel's routes, and sends nothing.
    () => addon.nextHop(pick(destinations)(), pick(destinations)()),
    () =>
      addon.findRoute(
        spoil({
          target: pick(destinations)(),
          port: 80,
          source: pick(destinations)(),
          mark: 0,
          device: chance(0.5) ? 'lo' : ''
        })
      ),
    () => new Drops(junk()),
    () =>
      new Drops({
        tracepoint: spoil({ id: 0, filter: 'x', locationOffset: 0, reasonOffset: 0, reasonBytes: -1 })
      }),
    () => Drops.prototype.read.call(pick(runs)),
    () => Drops.prototype.stop.call(junk()),
    () => Run(runConfig(), () => {}),
    () => addon.privateTables(junk()),
    () => addon.descriptorLimit(junk())
  ])()
}

function step() {
  attempt(() => {
    if (runs.length === 0 || chance(0.12)) return newRun()
    return chance(0.85) ? callMethod() : callElse()
  })
}

for (let round = 0; round < Number(rounds); round++) {
  step()
  // Events come in between, and what nobody refers to goes.
  if (chance(0.2)) await new Promise(setImmediate)
  if (chance(0.01)) globalThis.gc?.()
}
for (const run of runs) {
  run.close()
  run.join()
}
console.log(JSON.stringify(thrown))

/** Values that callers should not pass, but will. */
import type { Random } from './random.js'

/** Texts that are hard to read, to quote or to look up. */
export const texts: readonly string[] = [
  '',
  ' ',
  '-',
  '--',
  '0',
  '-0',
  '-1',
  '1',
  '1e3',
  '0x10',
  '1_000',
  '١٢',
  'NaN',
  'Infinity',
  'null',
  'undefined',
  'true',
  'false',
  '[object Object]',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  '\n',
  '\r\n',
  '\0',
  '\t\v\f',
  '\u001b[2J\u001b[31m',
  '\u009b31m',
  '\u202egnp.exe',
  '\u2028',
  '\ufeff',
  '\ud800',
  'é',
  '漢字',
  '🙂',
  "'",
  '"',
  '`$(id)`',
  '%s%n%d',
  '../../etc/passwd',
  '\\',
  '\\x',
  '\\xg0',
  'a'.repeat(300),
  'x'.repeat(20_480),
  '9'.repeat(400),
  '\u001b'.repeat(5000),
  `${' '.repeat(20_000)}x`
]

/** Targets that must not receive packets: refused, missing or unroutable. A namespace without a route contains them all. */
export const targets: readonly string[] = [
  '127.0.0.1:9',
  '127.0.0.1:9-12',
  '127.0.0.1:65535',
  '127.255.255.254:1',
  'localhost:9',
  '[::1]:9',
  '[::1]:9-40',
  '[::ffff:127.0.0.1]:9',
  '127.0.0.1:0',
  '127.0.0.1:1-65535',
  '127.0.0.1:90-80',
  '127.0.0.1',
  '127.1:9',
  '2130706433:9',
  '0.0.0.0:80',
  '[::]:80',
  '255.255.255.255:80',
  '224.0.0.1:80',
  '[ff02::1]:80',
  '[fe80::1%lo]:80',
  '[fe80::1]:80',
  '10.1.2.3:80',
  '192.168.1.1:80',
  '198.51.100.1:80',
  '203.0.113.9:1-65535',
  '8.8.8.8:53',
  '[2001:db8::1]:443',
  'nobody.invalid:80',
  '::1:80',
  '[::1:80',
  'http://127.0.0.1:9/',
  '127.0.0.1:99999',
  '127.0.0.1:-1',
  ':80',
  '*:80',
  '9',
  '9,10-12',
  '127.0.0.1:9,9',
  ':discard',
  'tcp://127.0.0.1:9/',
  'https://127.0.0.1:9',
  '[fe80::1%none]:80'
]

/** Source addresses. */
export const sources: readonly string[] = [
  '127.0.0.1',
  '127.0.2.0/24',
  '127.0.3.1-127.0.3.9',
  '127.0.3.9-127.0.3.1',
  '127.0.0.0/8',
  '127.0.0.1/33',
  '0.0.0.0/0',
  '::1',
  '::/0',
  'lo',
  'eth0',
  '192.0.2.7',
  '10.0.0.0/8',
  '224.0.0.1',
  '1-2'
]

/** A value of any type, or none; some of them throw when they are read. */
export function anyValue(random: Random): unknown {
  return random.pick<() => unknown>([
    () => undefined,
    () => null,
    () => true,
    () => false,
    () =>
      random.pick([0, -0, -1, 1, 0.5, 1.5, 2 ** 31, 2 ** 32, 2 ** 53, -(2 ** 53), 1e300, Number.MIN_VALUE]),
    () => random.pick([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]),
    () => random.pick(texts),
    () => 10n ** BigInt(random.below(400)),
    () => Symbol('symbol'),
    () => () => 5,
    () => class {},
    () => new Date(Number.NaN),
    () => /./,
    () => new Map([[1, 2]]),
    () => Promise.resolve(5),
    () => Object.create(null),
    () => ({ toString: throwing, valueOf: throwing, toJSON: throwing, [Symbol.toPrimitive]: throwing }),
    // biome-ignore lint/suspicious/noThenProperty: what may be taken for a promise
    () => ({ then: throwing }),
    () => ({ length: 3, 0: 'a' }),
    () => [],
    () => [''],
    () => [anyValue(random), anyValue(random)],
    () => new Array(5),
    () => Object.assign(['127.0.0.1:9'], { length: 3 }),
    () => nested(9000),
    () => cyclic(),
    () => new Uint8Array(random.below(40)),
    () => new Uint8Array(2 ** 21),
    () => new Float64Array(3),
    () => new ArrayBuffer(8),
    () => new SharedArrayBuffer(8),
    () => new Proxy([], { get: throwing }),
    () => new Proxy({}, { get: throwing, ownKeys: throwing, has: throwing, getPrototypeOf: throwing }),
    () => new Proxy(new Uint8Array(4), {}),
    () => revoked({}),
    () => revoked([]),
    () => new AbortController().signal,
    () => AbortSignal.abort(),
    () => Object.create(AbortSignal.prototype),
    () => new Proxy(new AbortController().signal, {}),
    () => new Boolean(false),
    () => new Number(5),
    () => new String('fin')
  ])()
}

/** What a function of the caller throws, to distinguish it from errors of the library. */
export const thrownByCaller = new Error('thrown by the caller')

export function throwing(): never {
  throw thrownByCaller
}

/** The same facts of a host, with some numbers at the limits of their range. */
export function oddFacts(facts: unknown, random: Random): unknown {
  const share = random.pick([0.02, 0.1, 0.5])
  return JSON.parse(JSON.stringify(facts), (_, value) => {
    if (typeof value !== 'number' || !random.chance(share)) return value
    return random.pick([0, 1, 2, 65_535, 2 ** 31, Number.MAX_SAFE_INTEGER, null])
  })
}

function nested(depth: number): unknown {
  let value: unknown = []
  for (let i = 0; i < depth; i++) value = random2(value, i)
  return value
}

function random2(value: unknown, i: number): unknown {
  return i % 2 === 0 ? [value] : { inside: value }
}

function cyclic(): unknown {
  const value: Record<string, unknown> = {}
  value.self = value
  return value
}

function revoked<T extends object>(value: T): T {
  const { proxy, revoke } = Proxy.revocable(value, {})
  revoke()
  return proxy
}

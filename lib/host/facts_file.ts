/** Host facts from a file, printed on another host or written by hand. */
import { getSystemErrorMap } from 'node:util'
import { readBounded } from '../base/bounded_file.js'
import { describeValue } from '../base/check_option.js'
import { C1mError } from '../base/errors.js'
import { maxPort } from '../base/quantities.js'
import { printable, quote } from '../base/quote.js'
import { approximateBytes } from '../base/units.js'
import type { HostFacts } from './facts.js'
import { parseKernelVersion } from './kernel.js'
import type { Limit } from './proc_reader.js'

/** Most bytes to read: a report of `doctor` with its facts has a few KiB. */
const mostBytes = 2 ** 24

/** Facts of the dialing host and of the host it dials. */
export interface FactsOfHosts {
  client?: HostFacts
  server?: HostFacts
}

/** Validates a value found at `path` and returns it as a fact, or throws. */
type Reader<T> = (value: unknown, path: string) => T

function refuse(path: string, problem: string, hint: string): never {
  throw new C1mError('C1M_FACTS_INVALID', `facts: ${path === '' ? 'this' : printable(path)} ${problem}`, {
    hint
  })
}

/** As JSON if possible, which it is not for thousands of nested levels or a BigInt. */
function shown(value: unknown): string {
  try {
    return printable(JSON.stringify(value).slice(0, 60))
  } catch {
    return describeValue(value)
  }
}

/** A fact that passes `test`; a missing or null one is unknown. */
const fact =
  <T>(wanted: string, test: (value: unknown) => boolean): Reader<T | null> =>
  (value, path) => {
    if (value === undefined || value === null) return null
    if (test(value)) return value as T
    return refuse(
      path,
      `is ${shown(value)}, and must be ${wanted}`,
      'Leave out what is not known, or write null.'
    )
  }

const isWhole = (value: unknown, least = 0) => Number.isInteger(value) && (value as number) >= least
const isPort = (value: unknown) => isWhole(value) && (value as number) <= maxPort
const isRange = (value: unknown) =>
  Array.isArray(value) && value.length === 2 && value.every(isPort) && value[0] <= value[1]

const whole = fact<number>('a whole number', (value) => isWhole(value))
const positive = fact<number>('a whole number above zero', (value) => isWhole(value, 1))
const limit = fact<Limit>('a whole number or "unlimited"', (value) => value === 'unlimited' || isWhole(value))
const flag = fact<boolean>('true or false', (value) => typeof value === 'boolean')
const text = fact<string>('a text', (value) => typeof value === 'string')
const hexadecimal = fact<string>(
  'a hexadecimal mask such as "000001ffffffffff"',
  (value) => typeof value === 'string' && /^[0-9a-f]+$/i.test(value)
)
const range = fact<[number, number]>('two ports, [first, last]', isRange)
const ranges = fact<[number, number][]>(
  'a list of port ranges, [[first, last], ...]',
  // Spread, because `every` skips holes.
  (value) => Array.isArray(value) && [...value].every(isRange)
)

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** An object with only these fields: a misspelled one would silently be unknown. */
const group =
  <T extends object>(fields: { [K in keyof T]: Reader<T[K]> }): Reader<T> =>
  (value = {}, path) => {
    if (!isObject(value)) return refuse(path, `is ${shown(value)}, and must be an object`, 'Write {...}.')
    const names = Object.keys(fields)
    const inside = (name: string) => (path === '' ? name : `${path}.${name}`)
    const stranger = Object.keys(value).find((name) => !names.includes(name))
    if (stranger !== undefined)
      refuse(
        quote(inside(stranger)),
        'is not a fact of a host',
        `Facts of ${path === '' ? 'a host' : path} are ${names.join(', ')}.`
      )
    const read = ([name, reader]: [string, Reader<unknown>]) => [name, reader(value[name], inside(name))]
    return Object.fromEntries(Object.entries<Reader<unknown>>(fields).map(read)) as T
  }

/** Like {@link group}, but unknown as a whole if it is missing; if present, none of its numbers may be missing. */
const optionalGroup = <T extends object>(
  fields: { [K in keyof T]: Reader<T[K] | null> }
): Reader<T | null> => {
  const read = group<{ [K in keyof T]: T[K] | null }>(fields)
  return (value, path) => {
    if (value === undefined || value === null) return null
    const found = read(value, path)
    for (const [name, part] of Object.entries(found))
      if (part === null) refuse(`${path}.${name}`, 'is missing', `Give all of ${path}, or null.`)
    return found as T
  }
}

/** An object with any names and values of one kind. */
const record =
  <T>(reader: Reader<T | null>): Reader<Record<string, T>> =>
  (value, path) => {
    if (!isObject(value)) return refuse(path, `is ${shown(value)}, and must be an object`, 'Write {...}.')
    const entries = Object.entries(value).map(([name, part]) => [name, reader(part, `${path}.${name}`)])
    return Object.fromEntries(entries.filter(([, part]) => part !== null)) as Record<string, T>
  }

const hostFacts = group<HostFacts>({
  kernel: group({
    release: text,
    version: optionalGroup({ major: whole, minor: whole, patch: whole }),
    cpus: positive,
    capabilities: hexadecimal,
    initialUserNamespace: flag
  }),
  limits: group({
    nofileSoft: limit,
    nofileHard: limit,
    nrOpen: whole,
    fileMax: whole,
    filesOpen: whole,
    pidMax: whole,
    threadsMax: whole
  }),
  ports: group({ localRange: range, reserved: ranges, unprivilegedStart: whole }),
  tcp: group({
    timestamps: whole,
    twReuse: whole,
    twReuseDelayMs: whole,
    sack: whole,
    windowScaling: whole,
    maxTwBuckets: whole,
    maxOrphans: whole,
    rfc1337: whole,
    synRetries: whole,
    synLinearTimeouts: whole,
    synackRetries: whole,
    somaxconn: whole,
    maxSynBacklog: whole,
    syncookies: whole,
    abortOnOverflow: whole,
    ehashEntries: whole,
    ehashShared: flag,
    childEhashEntries: whole
  }),
  memory: group({
    totalBytes: whole,
    availableBytes: whole,
    pageBytes: positive,
    tcpPages: optionalGroup({ low: whole, pressure: whole, high: whole })
  }),
  network: group({
    rpFilterAll: whole,
    rpFilterInterfaces: (value, path) => (value == null ? null : record(whole)(value, path)),
    neighboursMaxV4: whole,
    neighboursMaxV6: whole,
    ipv6Disabled: whole,
    netdevMaxBacklog: whole
  }),
  conntrack: group({
    count: whole,
    max: whole,
    buckets: whole,
    entriesAllNamespaces: whole,
    boundsChains: flag
  }),
  cgroup: group({ memoryMaxBytes: limit, memoryCurrentBytes: whole, pidsMax: limit }),
  unknown: (value, path) => (value == null ? {} : record(text)(value, path))
})

function readHost(value: unknown, path: string): HostFacts {
  // A report of `doctor --json` contains the facts of its host.
  const { facts, at } =
    isObject(value) && 'schema' in value && 'facts' in value
      ? { facts: value.facts, at: path === '' ? 'facts' : `${path}.facts` }
      : { facts: value, at: path }
  const read = hostFacts(facts, at)
  const { release } = read.kernel
  // Facts written by hand need only the release, not its version as well.
  if (release !== null) read.kernel.version ??= parseKernelVersion(release)
  return read
}

/**
 * Parses the facts of one host (then they describe the dialing host), of both hosts as `{ "client": ..., "server": ... }`,
 * or a report that contains either. A missing or null fact is unknown.
 * @throws C1mError C1M_FACTS_INVALID, which names the wrong field
 */
export function parseFacts(value: unknown): FactsOfHosts {
  try {
    return parseHosts(value)
  } catch (cause) {
    if (cause instanceof C1mError) throw cause
    throw new C1mError('C1M_FACTS_INVALID', 'facts: some of them cannot be read', {
      hint: 'Facts are plain JSON; the cause is what a getter or a proxy threw.',
      cause
    })
  }
}

function parseHosts(value: unknown): FactsOfHosts {
  if (!isObject(value))
    return refuse(
      '',
      `is ${shown(value)}, and must be a JSON object`,
      'Give the output of `c1m-native plan --print-facts`, or the facts of a plan or of a report of doctor.'
    )
  const inner = 'schema' in value && isObject(value.facts) ? value.facts : value
  if (!('client' in inner) && !('server' in inner)) return { client: readHost(value, '') }
  const stranger = Object.keys(inner).find((name) => name !== 'client' && name !== 'server')
  if (stranger !== undefined) refuse(quote(stranger), 'is not a host', 'The hosts are client and server.')
  return {
    ...(inner.client != null && { client: readHost(inner.client, 'client') }),
    ...(inner.server != null && { server: readHost(inner.server, 'server') })
  }
}

/**
 * Reads a file of facts; see {@link parseFacts}.
 * @throws C1mError C1M_FACTS_INVALID
 */
export async function readFactsFile(path: string): Promise<FactsOfHosts> {
  return parseFacts(parseJson(path, await readText(path)))
}

async function readText(path: string): Promise<string> {
  try {
    const bytes = await readBounded(path, mostBytes)
    if (bytes.length <= mostBytes) return bytes.toString('utf8')
  } catch (cause) {
    const { errno = 0, message } = cause as NodeJS.ErrnoException
    const reason = getSystemErrorMap().get(errno)?.[1] ?? message
    throw new C1mError('C1M_FACTS_INVALID', `cannot read the facts file ${quote(path)}: ${reason}`, {
      hint: 'Make one with: c1m-native plan --print-facts > FILE',
      cause
    })
  }
  throw new C1mError(
    'C1M_FACTS_INVALID',
    `the facts file ${quote(path)} is longer than ${approximateBytes(mostBytes)}, but facts take only a few KiB`,
    { hint: 'Make one with: c1m-native plan --print-facts > FILE' }
  )
}

function parseJson(path: string, json: string): unknown {
  try {
    return JSON.parse(json)
  } catch (cause) {
    // The message quotes the file, which may contain line ends or control sequences for the terminal.
    const problem = printable((cause as Error).message)
    throw new C1mError('C1M_FACTS_INVALID', `the facts file ${quote(path)} is not JSON: ${problem}`, {
      hint: 'Make one with: c1m-native plan --print-facts > FILE',
      cause
    })
  }
}

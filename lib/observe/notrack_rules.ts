/** Whether rules of this network namespace keep connections out of connection tracking, as far as nft(8) tells. */
import type { Target } from '../net/target.js'

/** The TCP connections that are to be kept out. */
export interface TrackingQuestion {
  /** To these ports; none: to whatever port, from loopback to loopback. */
  targets: readonly Pick<Target, 'firstPort' | 'lastPort'>[]
  /** Whether both ends are here, so that the packets of each direction pass both hooks. */
  bothEnds: boolean
}

/** How long nft may take, in milliseconds; it takes ten, and longer with hundreds of thousands of rules. */
const patienceMs = 2000

/** Asks nft for the rules; null where there is none, or it takes more privilege. */
export async function readRuleset(): Promise<unknown> {
  // Loaded when needed: most plans are made where nothing is tracked.
  const { execFile } = await import('node:child_process')
  // Where it is found as a user without sbin in the PATH, too.
  const env = { ...process.env, PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin` }
  const options = { env, timeout: patienceMs, maxBuffer: 2 ** 26 }
  const answer = new Promise((resolve) => {
    execFile('nft', ['-j', 'list', 'ruleset'], options, (error, stdout) => {
      resolve(error ? null : parsed(stdout))
    })
  })
  // Where no process may be started, spawn throws for some reasons and reports others.
  return answer.catch(() => null)
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

type Json = Record<string, unknown>
type Ports = readonly [first: number, last: number]

/** Connection tracking looks at a packet at this priority: NF_IP_PRI_CONNTRACK in linux/netfilter_ipv4.h. */
const trackingPriority = -200

/**
 * Whether each packet of these connections meets a rule that says `notrack` before it is tracked. Only rules that match
 * nothing but ports, or loopback, count, in a chain that has none of another kind before them: no other is known to match.
 * @param ruleset as {@link readRuleset} gives it
 */
export function areUntracked(ruleset: unknown, { targets, bothEnds }: TrackingQuestion): boolean {
  const early = (hook: string) => notrackRules(ruleset, hook)
  if (targets.length === 0) return ['output', 'prerouting'].every((hook) => early(hook).some(isForLoopback))
  const covers = (hook: string, field: string) => {
    const ports = early(hook).flatMap((matches) => portsMatched(matches, field))
    return targets.every((target) => isCovered(target, ports))
  }
  return (
    covers('output', 'dport') &&
    covers('prerouting', 'sport') &&
    (!bothEnds || (covers('output', 'sport') && covers('prerouting', 'dport')))
  )
}

/** What each rule matches that says `notrack` at this hook, in time, and with nothing but such rules before it. */
function notrackRules(ruleset: unknown, hook: string): Json[][] {
  const items = list((ruleset as Json | null)?.nftables) as Json[]
  const of = (kind: string) => items.flatMap((item) => (item[kind] ? [item[kind] as Json] : []))
  const asleep = of('table').filter(isDormant)
  const chains = of('chain').filter(
    (chain) =>
      chain.hook === hook &&
      chain.family === 'inet' &&
      Number(chain.prio) < trackingPriority &&
      !asleep.some(({ family, name }) => family === chain.family && name === chain.table)
  )
  return chains.flatMap((chain) => {
    const rules = of('rule')
      .filter((rule) => isIn(rule, chain))
      .map(({ expr }) => partsOf(expr))
    const other = rules.findIndex((parts) => !isNotrack(parts))
    return rules.slice(0, other < 0 ? rules.length : other).map((parts) => parts.slice(0, -1))
  })
}

/** The statements of a rule, without those that only count. */
const partsOf = (expr: unknown) => (list(expr) as Json[]).filter((part) => !('counter' in part))

function isNotrack(parts: readonly Json[]): boolean {
  const last = parts.at(-1)
  return last !== undefined && 'notrack' in last && parts.slice(0, -1).every((part) => 'match' in part)
}

const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : [])

function isDormant({ flags }: Json): boolean {
  return [flags].flat().includes('dormant')
}

function isIn(rule: Json, chain: Json): boolean {
  return rule.family === chain.family && rule.table === chain.table && rule.chain === chain.name
}

/** The ports, of a rule that asks for nothing else. */
function portsMatched(matches: readonly Json[], field: string): Ports[] {
  const [{ match } = {}, ...others] = matches
  const { op, left, right } = (match ?? {}) as Json
  const payload = ((left ?? {}) as Json).payload as Json | undefined
  const isPort = op === '==' && payload?.protocol === 'tcp' && payload.field === field
  return isPort && others.length === 0 ? portsOf(right) : []
}

const loopback = { prefix: { addr: '127.0.0.0', len: 8 } }

const ofLoopback = [
  ...['saddr', 'daddr'].map((field) => ({
    match: { op: '==', left: { payload: { protocol: 'ip', field } }, right: loopback }
  })),
  { match: { op: '==', left: { meta: { key: 'l4proto' } }, right: 'tcp' } }
].map((match) => JSON.stringify(match))

/** Whether the rule asks for TCP between loopback addresses at most. */
function isForLoopback(matches: readonly Json[]): boolean {
  return matches.every((match) => ofLoopback.includes(JSON.stringify(match)))
}

/** A number, `{ range: [a, b] }` or `{ set: [...] }` of them: libnftables-json(5). */
function portsOf(value: unknown): Ports[] {
  if (typeof value === 'number') return [[value, value]]
  const { range, set } = (value ?? {}) as Json
  if (set) return list(set).flatMap(portsOf)
  const [first, last] = list(range).map(Number)
  return first === undefined || last === undefined ? [] : [[first, last]]
}

function isCovered({ firstPort, lastPort }: TrackingQuestion['targets'][number], ports: Ports[]): boolean {
  let next = firstPort
  for (const [first, last] of ports.toSorted((a, b) => a[0] - b[0])) {
    if (first > next) break
    next = Math.max(next, last + 1)
  }
  return next > lastPort
}

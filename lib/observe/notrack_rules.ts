/** Asks nft(8) whether rules of this network namespace exempt connections from connection tracking. */
import type { Target } from '../net/target.js'

/** The TCP connections to check. */
export interface TrackingQuestion {
  /** Connections to these ports; none: to any port, from loopback to loopback. */
  targets: readonly Pick<Target, 'firstPort' | 'lastPort'>[]
  /** Whether both ends are in this namespace, so that the packets of each direction pass both hooks. */
  bothEnds: boolean
}

/** Time limit for nft, in milliseconds. It usually takes ten, and longer with hundreds of thousands of rules. */
const patienceMs = 2000

/** Reads the rules with nft; null if nft is missing or needs more privilege. */
export async function readRuleset(): Promise<unknown> {
  // Imported on demand: most plans are made on hosts that do not track connections.
  const { execFile } = await import('node:child_process')
  // Also finds nft for a user without sbin in the PATH.
  const env = { ...process.env, PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin` }
  const options = { env, timeout: patienceMs, maxBuffer: 2 ** 26 }
  const answer = new Promise((resolve) => {
    execFile('nft', ['-j', 'list', 'ruleset'], options, (error, stdout) => {
      resolve(error ? null : parsed(stdout))
    })
  })
  // If no process may be started, execFile throws for some reasons and calls back for others.
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

/** The priority at which connection tracking sees a packet: NF_IP_PRI_CONNTRACK in linux/netfilter_ipv4.h. */
const trackingPriority = -200

/**
 * Whether every packet of these connections meets a `notrack` rule before it is tracked. Counts only rules that match
 * nothing but ports or loopback, in a chain with no other kind of rule before them: what other rules match is not known.
 * @param ruleset as returned by {@link readRuleset}
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

/** The matches of each `notrack` rule that runs at this hook before tracking, with only such rules before it. */
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

/** The statements of a rule, without counters. */
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

/** The ports that a rule matches, if it matches nothing else. */
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

/** Whether all conditions of the rule hold for every TCP connection between loopback addresses. */
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

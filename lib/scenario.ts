import { availableParallelism } from 'node:os'
import type { AddressRange } from './address.js'
import { checkChoice, checkRate, checkTexts, checkWhole } from './check_option.js'
import { type ChurnOptions, type CloseBy, checkChurn, churnDurationMs } from './churn.js'
import { C1mError } from './errors.js'
import {
  type ExchangeOptions,
  type ExchangeScenario,
  resolveExchange,
  resolveExchangeTimeout
} from './exchange.js'
import { type HostFacts, readHostFacts } from './host/facts.js'
import { type CloseMode, closeModes, type ListenMode, listenModes } from './modes.js'
import { ownListenersPerLane } from './own_listeners.js'
import { type NatOptions, type NatPlan, planNat } from './plan/nat.js'
import { parseRamp, type RampPoint } from './ramp.js'
import { parseShard } from './shard.js'
import { countPorts, type PortRange, resolveSourcePorts } from './source_ports.js'
import { resolveSources, type SourceNeeds } from './sources.js'
import { maxTables, planTables, tablesFor } from './tables.js'
import { checkAuthorized, resolveTargets, type Target } from './targets.js'
import { checkTuples, countTuples, portsInShard } from './tuples.js'

/** What a caller may ask of `dial`. Every option has a default. */
export interface DialOptions extends ExchangeOptions, ChurnOptions, NatOptions {
  /** `host:port`, `host:port-port` or `[v6]:port`. None: the run listens on loopback itself and dials that. */
  targets?: string[]
  /** Connections to hold, or in a churn to have open, at once. Default 10,000. */
  connections?: number
  /** Connections started per second. Default: as fast as possible. Not together with `ramp`. */
  rate?: number
  /** Piecewise-linear rate over time, e.g. `0:10k/s,30s:200k/s`; the last value holds. */
  ramp?: string
  /** Handshakes in flight at most. Default 1,024. */
  window?: number
  /** Source addresses: address, `A/len`, `A-B` or interface name. Default: see `resolveSources`. */
  source?: string[]
  /**
   * Source ports as `A-B`. Default: `1024-65535` but the last 1,024 of `ip_local_port_range`, so that other programs on
   * this host can still open connections. Ports in `ip_local_reserved_ports` are left out of either.
   */
  sourcePorts?: string
  /** `K/N`: use the K-th (from 1) of N disjoint slices of the tuple space. Default `1/1`. */
  shard?: string
  /** Threads that dial at a time. Default: the CPUs this process may use; in a churn as many as its descriptors need. */
  workers?: number
  /** A handshake not done after this is a failure. Milliseconds, default 5,000. */
  connectTimeoutMs?: number
  /** SYN retransmits, 1 to 127 (TCP_SYNCNT in tcp(7)). Default: the kernel's `tcp_syn_retries`. */
  synRetries?: number
  /** How long to keep the connections once dialing has ended. Milliseconds, default 0. */
  holdMs?: number
  /** How to end connections. Default `fin`. */
  close?: CloseMode
  /** Upper bound of the whole run. Milliseconds; default: none, in a churn 10,000. */
  durationMs?: number
  /** Reads TCP_INFO of every connection at the end of the hold, for `result.census`. Default false. */
  census?: boolean
  /** Connections of which each snapshot shows TCP_INFO. Default 0: none. */
  sample?: number
  /** Says that you may flood a target that is neither loopback nor private. Default false. */
  authorized?: boolean
  /** Ends the run early; the result is that of the part that ran. */
  signal?: AbortSignal
}

/** {@link DialOptions} with every default resolved and every name looked up. Plain JSON; part of the result. */
export interface DialScenario {
  kind: 'dial'
  /** What to dial; empty when the run dials its own loopback listeners. */
  targets: Target[]
  connections: number
  /** Schedule of connection starts; empty means as fast as possible. */
  rate: RampPoint[]
  window: number
  /** Disjoint, ascending. */
  sources: AddressRange[]
  /** Disjoint, ascending. */
  sourcePorts: PortRange[]
  /** Which slice of the tuple space is used, from 0: source ports whose index modulo `shardCount` equals this. */
  shardIndex: number
  shardCount: number
  /** Distinct 4-tuples this run may use; no larger than Number.MAX_SAFE_INTEGER. */
  tuples: number
  /** Threads that dial at a time. */
  lanes: number
  /** Descriptor tables the run may open over its life. */
  maxTables: number
  connectTimeoutMs: number
  /** 0: the kernel's default. */
  synRetries: number
  holdMs: number
  /** What is said on each connection; null: nothing. */
  exchange: ExchangeScenario | null
  /** How long an answer, or with `closeBy` the peer's close, may take. */
  exchangeTimeoutMs: number
  /** Whether connections are closed and replaced instead of held. */
  churn: boolean
  close: CloseMode
  /** Who closes first in a churn. */
  closeBy: CloseBy
  /** null: no bound. */
  durationMs: number | null
  /** Whether TCP_INFO of every connection is read at the end of the hold. */
  census: boolean
  /** Connections of which each snapshot shows TCP_INFO. */
  sample: number
  /** What the options say of a NAT on the way; null: nothing. */
  nat: NatPlan | null
  authorized: boolean
}

/** What a caller may ask of `listen`. */
export interface ListenOptions {
  /** `address:port` or `address:port-port`; port 0 lets the kernel choose. Default `127.0.0.1:0`. */
  targets?: string[]
  /** Default `sink`. */
  mode?: ListenMode
  /** Threads that accept. Default: the CPUs this process may use. */
  workers?: number
  /** Length of the accept queue asked for; the kernel lowers it to `net.core.somaxconn`. Default 4,096. */
  backlog?: number
  /** How to end connections. Default `fin`. */
  close?: CloseMode
  /** Stops listening and closes every connection. */
  signal?: AbortSignal
}

/** {@link ListenOptions} with every default resolved. Plain JSON. */
export interface ListenScenario {
  kind: 'listen'
  /** Where to listen; port 0 still stands for the kernel's choice. */
  targets: Target[]
  mode: ListenMode
  lanes: number
  maxTables: number
  backlog: number
  close: CloseMode
}

/** What a scenario needs to know of the host: its ports, descriptors and privileges. */
export type ScenarioFacts = Pick<HostFacts, 'kernel' | 'limits' | 'ports'>

const closers = ['client', 'server'] as const satisfies CloseBy[]

/** Finds the source addresses of a scenario: `resolveSources`, or something more lenient. */
export type SourceFinder = (specs: readonly string[], needs: SourceNeeds) => Promise<AddressRange[]>

/**
 * Checks dial options, fills the defaults, looks up names and finds source addresses. Sends nothing.
 * @param signal ends the waiting for names and files, with the signal's reason
 * @throws C1mError for options that make no sense, targets that may not be dialed, and runs that cannot fit into the
 * tuple space or this host's descriptor limit
 */
export async function resolveDial(
  options: DialOptions = {},
  facts: ScenarioFacts = readHostFacts(),
  signal?: AbortSignal
): Promise<DialScenario> {
  const findSources: SourceFinder = (specs, needs) => {
    checkAuthorized(needs.targets, options.authorized ?? false)
    return resolveSources(specs, needs)
  }
  const scenario = await draftDial(options, facts, findSources, signal)
  const isSelf = scenario.targets.length === 0
  checkTuples(scenario.connections, { ...scenario, destinations: countDestinations(scenario) }, isSelf)
  planTables(scenario.connections, isSelf ? 2 : 1, descriptorLimit(facts))
  return scenario
}

/**
 * The scenario the options ask for, whether or not it may be run and fits: {@link resolveDial} without its refusals.
 * @throws C1mError for options that make no sense, and what `findSources` throws
 */
export async function draftDial(
  options: DialOptions,
  facts: ScenarioFacts,
  findSources: SourceFinder,
  signal?: AbortSignal
): Promise<DialScenario> {
  const connections = checkWhole('connections', options.connections ?? 10_000, 1)
  const isSelf = (options.targets ?? []).length === 0
  const churn = options.churn ?? false
  const exchange = await resolveExchange(options, signal)
  checkChurn(options, exchange !== null, isSelf)
  const plain = {
    connections,
    rate: resolveRate(options),
    // Measured on loopback, anything from 8 to 4,000 dials alike; this allows 100k/s at a round trip of 10 ms.
    window: checkWhole('window', options.window ?? 1024, 1, 2 ** 24),
    connectTimeoutMs: checkWhole('connect timeout in ms', options.connectTimeoutMs ?? 5000, 1),
    // TCP_SYNCNT takes 1 to 127 (tcp(7)); 0 leaves the kernel's own.
    synRetries: options.synRetries === undefined ? 0 : checkWhole('SYN retries', options.synRetries, 1, 127),
    holdMs: checkWhole('hold in ms', options.holdMs ?? 0, 0),
    exchange,
    exchangeTimeoutMs: resolveExchangeTimeout(options),
    churn,
    close: checkChoice('close', options.close ?? 'fin', closeModes),
    closeBy: checkChoice('close-by', options.closeBy ?? 'client', closers),
    durationMs: resolveDuration(options),
    census: options.census ?? false,
    sample: checkWhole('sample', options.sample ?? 0, 0),
    authorized: options.authorized ?? false
  }
  // The connections of a churn are open at once in the tables of their lanes, which have one each.
  const least = churn ? tablesFor(connections, isSelf ? 2 : 1, descriptorLimit(facts)) : 1
  const lanes = Math.max(resolveLanes(options.workers, Math.min(connections, plain.window)), least)
  const shard = parseShard(options.shard ?? '1/1')
  const sourcePorts = resolveSourcePorts(options.sourcePorts, facts)
  const sourceSpecs = checkTexts('source', options.source ?? [])
  const targets = await resolveTargets(checkTexts('targets', options.targets ?? []), 'dial', signal)

  const destinations = countDestinations({ targets, lanes, connections })
  const nat = planNat(options, isSelf ? 1 : destinations)
  const ports = portsInShard(countPorts(sourcePorts), shard.shardIndex, shard.shardCount)
  const sources = await findSources(sourceSpecs, {
    targets,
    connections,
    // Lanes that dial themselves are quicker with local ports that no other lane uses.
    tuplesPerAddress: ports * (isSelf ? destinations / lanes : destinations)
  })
  const tuples = countTuples({ sources, sourcePorts, ...shard, destinations })
  return { kind: 'dial', targets, ...plain, nat, sources, sourcePorts, ...shard, tuples, lanes, maxTables }
}

/** Pairs of destination address and port. A run against itself has as many for each lane. */
export function countDestinations({
  targets,
  lanes,
  connections
}: Pick<DialScenario, 'targets' | 'lanes' | 'connections'>): number {
  if (targets.length === 0) return lanes * ownListenersPerLane(connections)
  return countPorts(targets.map(({ firstPort, lastPort }) => [firstPort, lastPort]))
}

/**
 * Checks listen options, fills the defaults and looks up names.
 * @throws C1mError C1M_OPTION_INVALID, C1M_TARGET_INVALID, C1M_TARGET_UNRESOLVED
 */
export async function resolveListen(options: ListenOptions = {}): Promise<ListenScenario> {
  return {
    kind: 'listen',
    targets: await resolveTargets(checkTexts('targets', options.targets ?? ['127.0.0.1:0']), 'listen'),
    mode: checkChoice('mode', options.mode ?? 'sink', listenModes),
    lanes: resolveLanes(options.workers),
    maxTables,
    // somaxconn since Linux 5.4; a backlog of 64 was measured to stall a fast dialer on SYN retries.
    backlog: checkWhole('backlog', options.backlog ?? 4096, 1),
    close: checkChoice('close', options.close ?? 'fin', closeModes)
  }
}

/** A lane without a connection, or without a place in the window, would be a thread for nothing. */
function resolveLanes(workers: number | undefined, atOnce = Number.POSITIVE_INFINITY): number {
  const wanted = workers === undefined ? availableParallelism() : checkWhole('workers', workers, 1, maxTables)
  return Math.min(wanted, atOnce)
}

function resolveDuration({ durationMs, churn }: DialOptions): number | null {
  if (durationMs !== undefined) return checkWhole('duration in ms', durationMs, 1)
  return churn ? churnDurationMs : null
}

function resolveRate({ rate, ramp }: DialOptions): RampPoint[] {
  if (rate !== undefined && ramp !== undefined) {
    throw new C1mError(
      'C1M_OPTION_CONFLICT',
      'rate and ramp exclude each other: both say when connections start',
      {
        hint: 'Write a constant rate as --rate N/s, a changing one as --ramp 0:N/s,TIME:N/s.'
      }
    )
  }
  if (ramp !== undefined) return parseRamp(ramp)
  return rate === undefined ? [] : [{ atMs: 0, perSecond: checkRate('rate', rate) }]
}

/** Where the limit cannot be read, opening descriptors decides. */
function descriptorLimit({ limits }: ScenarioFacts): number {
  const { nofileHard } = limits
  return nofileHard === null || nofileHard === 'unlimited' ? Number.POSITIVE_INFINITY : nofileHard
}

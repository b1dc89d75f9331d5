import { availableParallelism } from 'node:os'
import { checkOptions } from '../base/check_options.js'
import { C1mError } from '../base/errors.js'
import type { CloseMode, ListenMode } from '../engine/modes.js'
import { type HostFacts, readHostFacts } from '../host/facts.js'
import type { AddressRange } from '../net/address.js'
import { resolveSources, type SourceNeeds } from '../net/sources.js'
import { checkAuthorized, resolveTargets, type Target } from '../net/targets.js'
import { type CloseBy, checkChurn, churnDurationMs } from './churn.js'
import { type ExchangeScenario, resolveExchange } from './exchange.js'
import { type NatPlan, planNat } from './nat.js'
import { type DialOptions, dialChecks, type ListenOptions, listenChecks } from './options.js'
import { ownListenersPerLane } from './own_listeners.js'
import { type RampPoint, resolveRamp } from './ramp.js'
import { parseShard } from './shard.js'
import { countPorts, type PortRange, resolveSourcePorts } from './source_ports.js'
import { maxTables, planTables, tablesFor } from './tables.js'
import { checkTuples, countTuples, portsInShard } from './tuples.js'

export type { DialOptions, ListenOptions }

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

/** Finds the source addresses of a scenario: `resolveSources`, or something more lenient. */
export type SourceFinder = (specs: readonly string[], needs: SourceNeeds) => Promise<AddressRange[]>

/**
 * Checks dial options, fills the defaults, looks up names and finds source addresses. Sends nothing.
 * @param signal ends the waiting for names and files, with the signal's reason
 * @throws C1mError for options that make no sense, targets that may not be dialed, and runs that cannot fit into the
 * tuple space or this host's descriptor limit
 */
export async function resolveDial(
  given: DialOptions = {},
  facts: ScenarioFacts = readHostFacts(),
  signal?: AbortSignal
): Promise<DialScenario> {
  const options = checkOptions('dial', given, dialChecks)
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
 * The scenario that options which have passed {@link dialChecks} ask for, whether or not it may be run and fits: {@link resolveDial} without its refusals.
 * @throws C1mError for options that make no sense, and what `findSources` throws
 */
export async function draftDial(
  options: DialOptions,
  facts: ScenarioFacts,
  findSources: SourceFinder,
  signal?: AbortSignal
): Promise<DialScenario> {
  const { connections = 10_000, targets: targetTexts = [], churn = false } = options
  const isSelf = targetTexts.length === 0
  const exchange = await resolveExchange(options, signal)
  checkChurn(options, exchange !== null, isSelf)
  const plain = {
    connections,
    rate: resolveRate(options),
    // Measured on loopback, anything from 8 to 4,000 dials alike; this allows 100k/s at a round trip of 10 ms.
    window: options.window ?? 1024,
    connectTimeoutMs: options.connectTimeoutMs ?? 5000,
    // TCP_SYNCNT takes 1 to 127 (tcp(7)); 0 leaves the kernel's own.
    synRetries: options.synRetries ?? 0,
    holdMs: options.holdMs ?? 0,
    exchange,
    exchangeTimeoutMs: options.exchangeTimeoutMs ?? 5000,
    churn,
    close: options.close ?? 'fin',
    closeBy: options.closeBy ?? 'client',
    durationMs: options.durationMs ?? (churn ? churnDurationMs : null),
    census: options.census ?? false,
    // Memory is set aside for each of them, and there are no more.
    sample: Math.min(options.sample ?? 0, connections),
    authorized: options.authorized ?? false
  }
  // The connections of a churn are open at once in the tables of their lanes, which have one each.
  const least = churn ? tablesFor(connections, isSelf ? 2 : 1, descriptorLimit(facts)) : 1
  const lanes = Math.max(resolveLanes(options.workers, Math.min(connections, plain.window)), least)
  const shard = parseShard(options.shard ?? '1/1')
  const sourcePorts = resolveSourcePorts(options.sourcePorts, facts)
  const targets = await resolveTargets(targetTexts, 'dial', signal)

  const destinations = countDestinations({ targets, lanes, connections })
  const nat = planNat(options, isSelf ? 1 : destinations)
  const ports = portsInShard(countPorts(sourcePorts), shard.shardIndex, shard.shardCount)
  const sources = await findSources(options.source ?? [], {
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
export async function resolveListen(given: ListenOptions = {}): Promise<ListenScenario> {
  const options = checkOptions('listen', given, listenChecks)
  if (options.targets?.length === 0) {
    throw new C1mError(
      'C1M_TARGET_INVALID',
      (option) => `${option('targets')} names no address to listen on`,
      {
        hint: (option) =>
          `Leave ${option('targets')} out to listen on 127.0.0.1, on a port the kernel chooses.`
      }
    )
  }
  return {
    kind: 'listen',
    targets: await resolveTargets(options.targets ?? ['127.0.0.1:0'], 'listen'),
    mode: options.mode ?? 'sink',
    lanes: resolveLanes(options.workers),
    maxTables,
    // somaxconn since Linux 5.4; a backlog of 64 was measured to stall a fast dialer on SYN retries.
    backlog: options.backlog ?? 4096,
    close: options.close ?? 'fin'
  }
}

/** A lane without a connection, or without a place in the window, would be a thread for nothing. */
function resolveLanes(workers = availableParallelism(), atOnce = Number.POSITIVE_INFINITY): number {
  return Math.min(workers, atOnce)
}

function resolveRate({ rate, ramp }: DialOptions): RampPoint[] {
  if (rate !== undefined && ramp !== undefined) {
    throw new C1mError(
      'C1M_OPTION_CONFLICT',
      (option) =>
        `${option('rate')} and ${option('ramp')} exclude each other: both say when connections start`,
      {
        hint: (option) =>
          `Write a constant rate as ${option('rate')}, a changing one as ${option('ramp', '0:N/s,TIME:N/s')}.`
      }
    )
  }
  if (ramp !== undefined) return resolveRamp(ramp)
  return rate === undefined ? [] : [{ atMs: 0, perSecond: rate }]
}

/** Where the limit cannot be read, opening descriptors decides. */
function descriptorLimit({ limits }: ScenarioFacts): number {
  const { nofileHard } = limits
  return nofileHard === null || nofileHard === 'unlimited' ? Number.POSITIVE_INFINITY : nofileHard
}

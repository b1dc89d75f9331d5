import { availableParallelism } from 'node:os'
import { checkOptions } from '../base/check_options.js'
import { C1mError } from '../base/errors.js'
import type { Count } from '../base/quantities.js'
import type { CloseMode, ListenMode } from '../engine/modes.js'
import { type HostFacts, readHostFacts } from '../host/facts.js'
import { type AddressRange, isLinkLocal, isLoopback } from '../net/address.js'
import { areLinkLocal, familyOfSources, resolveSources, type SourceNeeds } from '../net/sources.js'
import type { Target } from '../net/target.js'
import { checkAuthorized, lookUpTargets, type OtherAddresses } from '../net/targets.js'
import { askRoute, hasRoute } from './ask_route.js'
import { type CloseBy, checkChurn } from './churn.js'
import { churnDurationMs, dialDefaults, listenDefaults } from './defaults.js'
import { type ExchangeScenario, resolveExchange } from './exchange.js'
import { type NatPlan, planNat } from './nat.js'
import { type DialOptions, dialChecks, type ListenOptions, listenChecks, mostSeed } from './options.js'
import { type RampPoint, resolveRamp } from './ramp.js'
import { endsInProcess, ownListenersPerWorker } from './self_dial.js'
import { parseShard } from './shard.js'
import { type ChosenSocketOptions, checkDevice, chosenSocketOptions } from './socket_options.js'
import { countPorts, type PortRange, resolveSourcePorts } from './source_ports.js'
import { checkTables, tableLimits, tablesFor } from './tables.js'
import { checkTuples, countTuples, portsInShard } from './tuples.js'

/** {@link DialOptions} with every default resolved and every name looked up. Plain JSON; part of the result. */
export interface DialScenario {
  kind: 'dial'
  /** What to dial; empty in a self-dial. */
  targets: Target[]
  /** Addresses of the names among them that are not dialed. */
  otherAddresses: OtherAddresses[]
  /** Whether the run dials its own loopback listeners: both ends of each connection are in this process. */
  selfDial: boolean
  connections: Count
  /** Schedule of connection starts; empty means as fast as possible. */
  rate: RampPoint[]
  window: Count
  /** Disjoint, ascending. */
  sources: AddressRange[]
  /** Disjoint, ascending. */
  sourcePorts: PortRange[]
  /** Which slice of the tuple space is used, from 0: source ports whose index modulo `shardCount` equals this. */
  shardIndex: Count
  shardCount: Count
  /** Where in the slice the run begins: so many source ports from its first one, round and round. */
  seed: Count
  /** Distinct 4-tuples this run may use; no larger than Number.MAX_SAFE_INTEGER. */
  tuples: Count
  /** Threads that dial at a time. */
  workers: Count
  /** Descriptor tables the run may open over its life. */
  maxTables: Count
  connectTimeoutMs: Count
  /** 0: the kernel's default. */
  synRetries: Count
  holdMs: Count
  /** What is said on each connection; null: nothing. */
  exchange: ExchangeScenario | null
  /** How long an answer, or with `closeBy` the peer's close, may take. */
  exchangeTimeoutMs: Count
  /** Whether connections are closed and replaced instead of held. */
  churn: boolean
  close: CloseMode
  socketOptions: ChosenSocketOptions
  /** Who closes first in a churn. */
  closeBy: CloseBy
  /** In a churn: whether it goes on although every exchange fails. */
  keepGoing: boolean
  /** null: no bound. */
  durationMs: Count | null
  /** Whether TCP_INFO of every connection is read at the end of the hold. */
  census: boolean
  /** Connections of which each snapshot shows TCP_INFO. */
  sample: Count
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
  workers: number
  maxTables: number
  backlog: number
  close: CloseMode
  socketOptions: ChosenSocketOptions
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
  const findSources: SourceFinder = async (specs, needs) => {
    checkAuthorized(needs.targets, options.authorized ?? false)
    await checkZonesOf(needs.targets)
    return await resolveSources(specs, needs)
  }
  checkDevice(options)
  const scenario = await draftDial(options, facts, findSources, signal)
  checkTuples(scenario.connections, { ...scenario, destinations: countDestinations(scenario) })
  checkTables(scenario.connections, endsInProcess(scenario), descriptorLimit(facts))
  return scenario
}

/**
 * {@link resolveDial} without its refusals: the scenario may be one that must not be run, or that does not fit.
 * @param options have passed {@link dialChecks}
 * @throws C1mError for options that make no sense, and what `findSources` throws
 */
export async function draftDial(
  options: DialOptions,
  facts: ScenarioFacts,
  findSources: SourceFinder,
  signal?: AbortSignal
): Promise<DialScenario> {
  const { targets: targetTexts = [] } = options
  const chosen = withDefaults(dialDefaults, options)
  const { connections, churn } = chosen
  const selfDial = targetTexts.length === 0
  const exchange = await resolveExchange(options, signal)
  checkChurn(options, exchange !== null, selfDial)
  // Loaded when needed: a dial starts sooner without.
  if (exchange && selfDial) (await import('./echo.js')).checkEchoed(options, exchange)
  const plain = {
    ...chosen,
    rate: resolveRate(options),
    exchange,
    durationMs: options.durationMs ?? (churn ? churnDurationMs : null),
    // Memory is set aside for each of them, and there are no more.
    sample: Math.min(chosen.sample, connections)
  }
  // The connections of a churn are open at once in the tables of their workers, which have one each.
  const least = churn ? tablesFor(connections, endsInProcess({ selfDial }), descriptorLimit(facts)) : 1
  const workers = Math.max(resolveWorkers(options.workers, Math.min(connections, plain.window)), least)
  const shard = parseShard(options.shard ?? '1/1')
  const sourcePorts = resolveSourcePorts(options.sourcePorts, facts)
  const chosenOptions = chosenSocketOptions(options)
  const { targets, otherAddresses, device } = await lookUpTargets(targetTexts, 'dial', {
    addresses: options.addresses ?? 'first',
    family: () => familyOfSources(options.source ?? (options.device === undefined ? [] : [options.device])),
    hasRoute: hasRoute(chosenOptions),
    device: options.device,
    signal
  })
  const socketOptions = { ...chosenOptions, device }

  const destinations = countDestinations({ targets, selfDial, workers, connections })
  const nat = planNat(options, selfDial ? 1 : destinations)
  const ports = portsInShard(countPorts(sourcePorts), shard.shardIndex, shard.shardCount)
  const sources = await findSources(options.source ?? sourcesOfDevice(options, targets), {
    targets,
    connections,
    // The workers of a self-dial are quicker with local ports that no other worker uses.
    tuplesPerAddress: ports * (selfDial ? destinations / workers : destinations),
    askRoute: askRoute(socketOptions),
    device
  })
  const tuples = countTuples({ sources, sourcePorts, ...shard, destinations })
  const space = { sources, sourcePorts, ...shard, tuples }
  return {
    kind: 'dial',
    targets,
    otherAddresses,
    selfDial,
    ...plain,
    socketOptions,
    nat,
    seed: options.seed ?? Math.floor(Math.random() * (mostSeed + 1)),
    ...space,
    workers,
    maxTables: tableLimits.maxTables
  }
}

/**
 * Where the sources of a dial through one device are found, when none is named; loopback needs no such help, and for a
 * link-local target the route has the one address to use.
 */
function sourcesOfDevice({ device }: DialOptions, targets: readonly Target[]): string[] {
  const isUnneeded =
    device === undefined || targets.every(({ address }) => isLoopback(address) || isLinkLocal(address))
  return isUnneeded ? [] : [device]
}

/** Loaded when needed: a dial starts sooner without. */
async function checkZonesOf(targets: readonly Target[]): Promise<void> {
  if (areLinkLocal(targets)) (await import('../net/zones.js')).checkZones(targets)
}

/** Pairs of destination address and port. A self-dial has as many for each worker. */
export function countDestinations({
  targets,
  selfDial,
  workers,
  connections
}: Pick<DialScenario, 'targets' | 'selfDial' | 'workers' | 'connections'>): number {
  if (selfDial) return workers * ownListenersPerWorker(connections)
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
  checkDevice(options)
  const found = await lookUpTargets(options.targets ?? ['127.0.0.1:0'], 'listen', { device: options.device })
  await checkZonesOf(found.targets)
  return {
    kind: 'listen',
    targets: found.targets,
    workers: resolveWorkers(options.workers),
    maxTables: tableLimits.maxTables,
    ...withDefaults(listenDefaults, options),
    socketOptions: { ...chosenSocketOptions(options), device: found.device }
  }
}

/** The defaults, and in their place what was given. */
function withDefaults<T extends object>(defaults: T, given: Partial<T>): T {
  const chosen = { ...defaults }
  for (const name of Object.keys(defaults) as (keyof T)[]) {
    const value = given[name]
    if (value !== undefined) chosen[name] = value
  }
  return chosen
}

/** A worker without a connection, or without a place in the window, would be a thread for nothing. */
function resolveWorkers(workers = availableParallelism(), atOnce = Number.POSITIVE_INFINITY): number {
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

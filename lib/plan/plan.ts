/** `plan`: what a dial will take and what will stop it, before a packet is sent. */
import { checkOptions, type OptionChecks } from '../base/check_options.js'
import { C1mError } from '../base/errors.js'
import { version } from '../base/version.js'
import type { Check } from '../checks/context.js'
import { byBinding, type Foreseen, foresee, type Prediction, predictionOf } from '../checks/index.js'
import { tableRules } from '../engine/descriptor_tables.js'
import { type HostFacts, readHostFacts } from '../host/facts.js'
import { type FactsOfHosts, parseFacts } from '../host/facts_file.js'
import { readMemory } from '../host/usage.js'
import { ownAddresses } from '../net/local_addresses.js'
import { strangerAmong } from '../net/targets.js'
import { downDevice } from '../observe/down_device.js'
import { isPeerHere } from '../observe/peer_place.js'
import { sourceRoutes } from '../observe/source_routes.js'
import type { NatPlan } from '../scenario/nat.js'
import {
  dialNeeds,
  highestRate,
  isTracked,
  leftBehind,
  type Needs,
  reckonNeeds,
  residentBytes,
  tablesUsed
} from '../scenario/needs.js'
import { type DialOptions, dialChecks } from '../scenario/options.js'
import type { DialScenario } from '../scenario/scenario.js'
import { portsKeptBack } from '../scenario/source_ports.js'
import { withThreads } from '../scenario/thread_needs.js'
import { type PlannedTime, planTime } from './dial_time.js'
import { draftPlan } from './draft.js'
import { type PlannedTuples, planTuples } from './tuple_space.js'
import { unknowns } from './visibility.js'

/** Name and version of the plan's shape. */
export const PLAN_SCHEMA = 'c1m-native/plan@1'

/** What a caller may ask of `plan`: what one may ask of `dial`, and what is known of hosts and path. */
export interface PlanOptions extends DialOptions {
  /**
   * Facts of the host that dials, or of both hosts. Default: this host's, read now. With them nothing of this host counts;
   * what they leave out is unknown.
   */
  facts?: HostFacts | FactsOfHosts
  /** Facts of the host that is dialed, where that is another one. Default: unknown. */
  serverFacts?: HostFacts
}

const planChecks: OptionChecks<PlanOptions> = {
  ...dialChecks,
  // `parseFacts` says which field is wrong.
  facts: (_, value) => value as FactsOfHosts,
  serverFacts: (_, value) => value as HostFacts
}

/** What a dial takes and what will stop it. Plain JSON. */
export interface Plan {
  schema: typeof PLAN_SCHEMA
  version: string
  /** Whether nothing critical is foreseen. */
  fits: boolean
  /** What was asked for, with every default resolved. */
  scenario: DialScenario
  tuples: PlannedTuples
  /** What it takes of the dialing host, and of the server; null where the server is that host, or unknown. */
  needs: { client: Needs; server: Needs | null }
  /** Descriptor tables, each a thread, that will be opened. */
  tables: number
  memory: PlannedMemory
  time: PlannedTime
  /** The arithmetic of the NAT that was described; null: none was. */
  nat: NatPlan | null
  /** What will stop or bend it; first what binds at the fewest connections. */
  findings: Prediction[]
  /** What cannot be known from here, a sentence each. */
  unknown: string[]
  /** What the plan rests on. The same file serves as `facts` again. */
  facts: { client: HostFacts; server: HostFacts | null }
}

/** Memory on the dialing host, in bytes. */
export interface PlannedMemory {
  /** Slab of the sockets; of both ends where both are in its namespace. */
  kernelBytes: number
  /** Resident set of the dialing process. */
  residentBytes: number
}

/**
 * Plans a dial: sends nothing, and explains what `dial` would refuse. Names of targets are looked up.
 * @throws C1mError for options that make no sense, C1M_FACTS_INVALID, C1M_RUN_FAILED where this host has no threads left
 */
export async function plan(given: PlanOptions = {}): Promise<Plan> {
  const options = checkOptions('plan', given, planChecks)
  options.signal?.throwIfAborted()
  const { client, here, ...known } = hosts(options)
  const workers = options.workers ?? (here ? undefined : (client.kernel.cpus ?? undefined))
  const { scenario, sources } = await draftPlan({ ...options, ...(workers && { workers }) }, client, here)
  const peerIsHere = isPeerHere(scenario, here ? [...ownAddresses()] : [])
  const server = peerIsHere ? null : known.server
  const { nat } = scenario
  const otherSockets = here ? readMemory().sockets : null
  const tuples = planTuples(scenario, {
    keptBack: portsKeptBack(options.sourcePorts, client),
    nat,
    otherSockets
  })

  const routes = here ? sourceRoutes(scenario, sources.ranges) : null
  const rate = highestRate(scenario)
  const reckoned = dialNeeds(client, scenario, {
    peerIsHere,
    idleTracks: !here,
    tuples: tuples.capacity,
    tableRules: here ? tableRules() : null,
    missingSources: sources.missing,
    unroutedTargets: [...sources.unrouted, ...(routes?.unrouted ?? [])]
  })
  const needs = here ? withThreads(reckoned, scenario.workers) : reckoned
  const served = server && serverNeeds(server, scenario, rate)
  const findings = [
    ...foresee({
      facts: client,
      needs,
      scenario,
      peerIsHere,
      downDevice: here ? downDevice(scenario, sources.ranges) : null,
      asymmetricRoute: routes?.asymmetric ?? null
    }),
    ...(served ? serverFindings(server, served, scenario) : [])
  ]
    .sort(byBinding)
    .map(predictionOf)
  // Each worker opens a table of its own, however few would do.
  const tables = Math.min(needs.tables, Math.max(scenario.workers, tablesUsed(needs)))
  return {
    schema: PLAN_SCHEMA,
    version,
    fits: findings.every(({ severity }) => severity !== 'critical'),
    scenario,
    tuples,
    needs: { client: needs, server: served },
    tables,
    memory: {
      kernelBytes: needs.kernelMemoryBytes,
      residentBytes:
        residentBytes.process + tables * residentBytes.table + needs.descriptors * residentBytes.descriptor
    },
    time: planTime(scenario, client.kernel.cpus, peerIsHere),
    nat,
    findings,
    unknown: unknowns({
      client,
      server,
      here,
      peerIsHere,
      sources,
      asked: routes !== null,
      stranger: scenario.authorized ? undefined : strangerAmong(scenario.targets),
      otherSockets,
      hasNat: nat !== null,
      churnsUnpaced: scenario.churn && rate === null
    }),
    facts: { client, server }
  }
}

/** Whose facts count. */
function hosts({ facts, serverFacts }: PlanOptions): {
  client: HostFacts
  server: HostFacts | null
  here: boolean
} {
  const given = facts === undefined ? null : parseFacts(facts)
  const server = serverFacts === undefined ? null : (parseFacts(serverFacts).client ?? null)
  if (server && given?.server)
    throw new C1mError('C1M_OPTION_CONFLICT', 'facts of the server are given twice', {
      hint: (option) => `Leave out ${option('serverFacts')}, or "server" in ${option('facts')}.`
    })
  return {
    client: given === null ? readHostFacts() : (given.client ?? nothingKnown()),
    server: server ?? given?.server ?? null,
    here: given === null
  }
}

function nothingKnown(): HostFacts {
  return (parseFacts({}) as Required<FactsOfHosts>).client
}

/** All shards meet at the server. */
function serverNeeds(facts: HostFacts, scenario: DialScenario, rate: number | null): Needs {
  const { connections, shardCount, closeBy } = scenario
  const left = leftBehind(scenario, rate)
  return reckonNeeds(facts, {
    connections: connections * shardCount,
    ratePerSecond: rate && rate * shardCount,
    tuples: connections * shardCount,
    endsInProcess: 1,
    endsInNamespace: 1,
    watched: true,
    tracked: isTracked(facts.conntrack, true),
    timeWaits: closeBy === 'server' ? left.timeWaits * shardCount : 0,
    trackedClosed: left.trackedClosed * shardCount
  })
}

/** What can be said of a server by the facts of its host alone; the rest is about the one that dials. */
const isOfServer = ({ concerns }: Check) => concerns === 'host' || concerns === 'listener'

function serverFindings(facts: HostFacts, needs: Needs, scenario: DialScenario): Foreseen[] {
  const unseen = { downDevice: null, asymmetricRoute: null }
  return foresee({ facts, needs, scenario, peerIsHere: true, ...unseen }, isOfServer).map((finding) => ({
    ...finding,
    side: 'server'
  }))
}

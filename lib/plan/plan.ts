/** `plan`: predicts what a dial needs and what will stop it, before a packet is sent. */
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
import { trackingOf } from './tracking.js'
import { type PlannedTuples, planTuples } from './tuple_space.js'
import { unknowns } from './visibility.js'

/** Name and version of the plan's shape. */
export const PLAN_SCHEMA = 'c1m-native/plan@1'

/** Options of `plan`: those of `dial`, and facts about the hosts. */
export interface PlanOptions extends DialOptions {
  /**
   * Facts of the dialing host, or of both hosts. Default: this host's, read now. If they are given, this host is not
   * examined, and facts they leave out are unknown.
   */
  facts?: HostFacts | FactsOfHosts
  /** Facts of the dialed host if it is another one. Default: unknown. */
  serverFacts?: HostFacts
}

const planChecks: OptionChecks<PlanOptions> = {
  ...dialChecks,
  // `parseFacts` validates them and names the wrong field.
  facts: (_, value) => value as FactsOfHosts,
  serverFacts: (_, value) => value as HostFacts
}

/** What a dial needs and what will stop it. Plain JSON. */
export interface Plan {
  schema: typeof PLAN_SCHEMA
  version: string
  /** Whether no critical finding is predicted. */
  fits: boolean
  /** The requested scenario, with every default resolved. */
  scenario: DialScenario
  tuples: PlannedTuples
  /** Needs on the dialing host, and on the server; null if the server is the same host, or unknown. */
  needs: { client: Needs; server: Needs | null }
  /** Number of descriptor tables to open, each with a thread. */
  tables: number
  memory: PlannedMemory
  time: PlannedTime
  /** The arithmetic of the NAT described in the options; null without one. */
  nat: NatPlan | null
  /** What will stop or slow down the dial; the finding that applies at the fewest connections comes first. */
  findings: Prediction[]
  /** What the plan cannot check, one sentence each. */
  unknown: string[]
  /** The facts on which the plan is based. Can be given as `facts` again. */
  facts: { client: HostFacts; server: HostFacts | null }
}

/** Memory on the dialing host, in bytes. */
export interface PlannedMemory {
  /** Slab of the sockets; of both ends if both are in its namespace. */
  kernelBytes: number
  /** Resident set of the dialing process. */
  residentBytes: number
}

/**
 * Plans a dial. Sends nothing except name lookups of targets, and explains what `dial` would refuse.
 * @throws C1mError for invalid options, C1M_FACTS_INVALID, C1M_RUN_FAILED if this host has no threads left
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
  const tracking = here ? await trackingOf(client, scenario, peerIsHere) : null
  const reckoned = dialNeeds(client, scenario, {
    peerIsHere,
    idleTracks: !here,
    untracked: tracking === 'none',
    tuples: tuples.capacity,
    tableRules: here ? tableRules() : null,
    missingSources: sources.missing,
    unsettledSources: sources.unsettled,
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
  // Each worker opens a table of its own, even if fewer tables would be enough.
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
      tracking: findings.some(({ id }) => id.startsWith('conntrack-')) ? tracking : null,
      hasNat: nat !== null,
      churnsUnpaced: scenario.churn && rate === null
    }),
    facts: { client, server }
  }
}

/** Selects the facts to plan with. */
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

/** The connections of all shards meet at the server. */
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

/** Checks that need only the facts of the server's host; all others concern the dialing side. */
const isOfServer = ({ concerns }: Check) => concerns === 'host' || concerns === 'listener'

function serverFindings(facts: HostFacts, needs: Needs, scenario: DialScenario): Foreseen[] {
  const unseen = { downDevice: null, asymmetricRoute: null }
  return foresee({ facts, needs, scenario, peerIsHere: true, ...unseen }, isOfServer).map((finding) => ({
    ...finding,
    side: 'server'
  }))
}

/** The goal for which a host is judged. */
import { choice, rate, texts, whole } from '../base/check_option.js'
import type { OptionChecks } from '../base/check_options.js'
import { C1mError } from '../base/errors.js'
import { printable } from '../base/quote.js'
import type { Check, PredictContext } from '../checks/context.js'
import { tableRules } from '../engine/descriptor_tables.js'
import type { HostFacts } from '../host/facts.js'
import { ownAddresses } from '../net/local_addresses.js'
import { resolveTargets } from '../net/targets.js'
import { downDevice } from '../observe/down_device.js'
import { isPeerHere } from '../observe/peer_place.js'
import { sourceRoutes } from '../observe/source_routes.js'
import { draftPlan } from '../plan/draft.js'
import { isTracked, type Load, reckonNeeds } from '../scenario/needs.js'
import type { DialScenario } from '../scenario/scenario.js'
import { withThreads } from '../scenario/thread_needs.js'

/** The end or ends of the connections that are on this host. */
export type Role = 'client' | 'server' | 'both'

const roles = ['client', 'server', 'both'] as const satisfies Role[]

/** Options that describe the goal. */
export interface GoalOptions {
  /** Targets to dial, or for a server its own addresses. Default: unknown; for role `both`, loopback. */
  targets?: readonly string[]
  /** Connections to hold at once. Default 1,000,000. */
  connections?: number
  /** Connections started per second. Default: as fast as possible. */
  rate?: number
  /** Role of this host. Default: `client` with targets, otherwise `both`. */
  role?: Role
}

/** Validation of the options. */
export const goalChecks: OptionChecks<GoalOptions> = {
  targets: texts,
  connections: whole(1),
  rate,
  role: choice(roles)
}

/** The goal with every default resolved. */
export interface Goal {
  targets: string[]
  connections: number
  /** null: as fast as possible. */
  ratePerSecond: number | null
  role: Role
}

/** A goal, and the input of the checks. */
export interface JudgedGoal {
  goal: Goal
  context: PredictContext
  /** Whether the kernel was asked for routes, as far as they matter. */
  asked: boolean
}

/**
 * Resolves a goal that has passed {@link goalChecks} for the host with these facts. Sends nothing.
 * @throws C1mError for invalid options, C1M_RUN_FAILED if this host has no threads left
 */
export async function resolveGoal(options: GoalOptions, facts: HostFacts): Promise<JudgedGoal> {
  const targets = options.targets ?? []
  const role = options.role ?? (targets.length > 0 ? 'client' : 'both')
  // A server does not dial its own ports, and without targets those of a client are unknown.
  const dialed = role === 'server' ? [] : targets
  const { connections = 1_000_000, rate: perSecond } = options
  const asked = { connections, targets: dialed, ...(perSecond !== undefined && { rate: perSecond }) }
  const { scenario, sources } = await draftPlan(asked, facts, true)
  const goal: Goal = {
    targets: [...targets],
    connections: scenario.connections,
    ratePerSecond: scenario.rate[0]?.perSecond ?? null,
    role
  }
  const targetIsHere = isPeerHere(scenario, [...ownAddresses()])
  if (role === 'both' && !targetIsHere)
    throw new C1mError(
      'C1M_OPTION_CONFLICT',
      `with role both, both ends must be on this host, but ${printable(targets[0] ?? '')} is not`,
      {
        hint: (option) =>
          `Judge each host for its own end: ${option('role', 'client')} here, ${option('role', 'server')} there.`
      }
    )
  const peerIsHere = role !== 'client' || (targets.length > 0 && targetIsHere)
  const knowsTuples = role === 'both' || (role === 'client' && targets.length > 0)
  // Without targets the routes of a client are unknown, and those of a server are not its own.
  const routes = knowsTuples ? sourceRoutes(scenario, sources.ranges) : null
  const load: Load = {
    ...goal,
    tuples: knowsTuples ? scenario.tuples : goal.connections,
    endsInProcess: role === 'both' ? 2 : 1,
    endsInNamespace: role !== 'server' && peerIsHere ? 2 : 1,
    watched: true,
    tracked: isTracked(facts.conntrack, false),
    tableRules: tableRules(),
    workers: scenario.workers,
    missingSources: sources.missing,
    unsettledSources: sources.unsettled,
    unroutedTargets: [...sources.unrouted, ...(routes?.unrouted ?? [])]
  }
  const context: PredictContext = {
    facts,
    needs: withThreads(reckonNeeds(facts, load), scenario.workers),
    scenario: await portsOf(role, targets, scenario),
    peerIsHere,
    downDevice: knowsTuples ? downDevice(scenario, sources.ranges) : null,
    asymmetricRoute: routes?.asymmetric ?? null
  }
  return { goal, context, asked: !knowsTuples || routes !== null }
}

/** The scenario whose ports appear in remedies; null if no ports are known. */
async function portsOf(
  role: Role,
  targets: readonly string[],
  scenario: DialScenario
): Promise<DialScenario | null> {
  if (role === 'both') return scenario
  if (targets.length === 0) return null
  return role === 'client'
    ? scenario
    : { ...scenario, selfDial: false, targets: await resolveTargets(targets, 'listen') }
}

/** Whether a check concerns a role: a server has no causes that concern dialing or the path to the target. */
export function isOf(role: Role, { concerns }: Check): boolean {
  return role !== 'server' || (concerns !== 'dialer' && concerns !== 'path')
}

/** `doctor`: finds the limits of this host that a goal exceeds, and raises them. */
import { flag } from '../base/check_option.js'
import { checkOptions, type OptionChecks } from '../base/check_options.js'
import { version } from '../base/version.js'
import { foresee } from '../checks/index.js'
import { type HostFacts, readHostFacts } from '../host/facts.js'
import { hereFacts, idleTracking, missingFacts, unseenRoutes } from '../plan/visibility.js'
import type { Needs } from '../scenario/needs.js'
import { type Application, applySettings } from './apply.js'
import { settleLabs } from './beside_labs.js'
import { type Goal, type GoalOptions, goalChecks, isOf, type JudgedGoal, resolveGoal } from './goal.js'
import { type Places, resolvePlaces } from './places.js'
import { type Reversion, revertSettings } from './revert.js'
import { type Binding, type Setting, settingsFor, withSteps } from './steps.js'
import type { Caller } from './sysctls.js'

/** Name and version of the shape of the report. */
export const DOCTOR_SCHEMA = 'c1m-native/doctor@1'

/** Options of `doctor`. */
export interface DoctorOptions extends GoalOptions {
  /** Set the sysctls the goal needs, as far as possible from here; a journal keeps the old values. Default false. */
  apply?: boolean
}

const doctorChecks: OptionChecks<DoctorOptions> = { ...goalChecks, apply: flag }

/** The limits of this host that a goal exceeds, and how to raise them. Plain JSON. */
export interface DoctorReport {
  schema: typeof DOCTOR_SCHEMA
  version: string
  /** Whether there is no critical finding for the goal. */
  fits: boolean
  goal: Goal
  /** What the goal needs on this host. */
  needs: Needs
  /** Limits the goal exceeds; the one reached at the fewest connections comes first. After `apply`: those that remain. */
  findings: Binding[]
  /** The sysctls to raise: those that resolve a finding and are too low. */
  settings: Setting[]
  /** What was set; null without `apply`. */
  application: Application | null
  /** What cannot be checked from here, one sentence each. */
  unknown: string[]
  /** Limits and settings of this host. The report can be given to `plan` as `facts`. */
  facts: HostFacts
}

/**
 * Judges this host for a goal. Sends nothing, and changes nothing unless `apply` is set.
 * @throws C1mError for invalid options; with `apply` also C1M_JOURNAL_BUSY, C1M_JOURNAL_INVALID, C1M_JOURNAL_FOREIGN,
 * C1M_JOURNAL_FAILED, C1M_SYSCTL_FAILED: then nothing has been changed
 */
export function doctor(options?: DoctorOptions): Promise<DoctorReport>
/**
 * @internal
 * @param given where to read and write; tests use folders of their own
 */
export function doctor(options?: DoctorOptions, given?: Partial<Places>): Promise<DoctorReport>
export async function doctor(
  options: DoctorOptions = {},
  given: Partial<Places> = {}
): Promise<DoctorReport> {
  const { apply = false, ...goal } = checkOptions('doctor', options, doctorChecks)
  const places = resolvePlaces(given)
  if (apply) settleLabs(places)
  const found = await examine(goal, places)
  if (!apply) return { ...found, application: null }
  const application = applySettings(found.settings, places)
  // Also if another process has set them first.
  const tried = found.settings.some(({ blocked }) => blocked === null)
  const left = tried ? await examine(goal, places) : found
  return { ...left, application }
}

/**
 * Restores the sysctls that `doctor` with `apply` has set, except those that another program has changed since.
 * @throws C1mError C1M_JOURNAL_MISSING, C1M_JOURNAL_BUSY, C1M_JOURNAL_INVALID, C1M_JOURNAL_FOREIGN, C1M_JOURNAL_FAILED,
 * C1M_SYSCTL_FAILED
 */
export function revertDoctor(): Reversion
/**
 * @internal
 * @param given where to read and write; tests use folders of their own
 */
export function revertDoctor(given?: Partial<Places>): Reversion
export function revertDoctor(given: Partial<Places> = {}): Reversion {
  const places = resolvePlaces(given)
  return revertSettings(places, callerOf(readHostFacts(places)))
}

async function examine(options: GoalOptions, places: Places): Promise<Omit<DoctorReport, 'application'>> {
  const facts = readHostFacts(places)
  const judged = await resolveGoal(options, facts)
  const { goal, context } = judged
  const surroundings = { facts, caller: callerOf(facts), places }
  const foreseen = foresee(context, (check) => isOf(goal.role, check)).map((finding) =>
    goal.role === 'server' ? { ...finding, side: 'server' as const } : finding
  )
  const findings = foreseen.map((finding) => withSteps(finding, surroundings))
  return {
    schema: DOCTOR_SCHEMA,
    version,
    fits: findings.every(({ severity }) => severity !== 'critical'),
    goal,
    needs: context.needs,
    findings,
    settings: settingsFor(foreseen, surroundings),
    unknown: unknowns(judged),
    facts
  }
}

function callerOf({ kernel }: HostFacts): Caller {
  return { isRoot: process.geteuid?.() === 0, initialUserNamespace: kernel.initialUserNamespace }
}

function unknowns({ goal, context: { facts, peerIsHere }, asked }: JudgedGoal): string[] {
  const notes = [
    missingFacts('this host', facts, peerIsHere ? hereFacts : undefined),
    idleTracking('this host', facts, true),
    asked ? null : unseenRoutes,
    goal.role === 'client' && goal.targets.length === 0
      ? 'the 4-tuples: name the targets to have them counted'
      : null,
    goal.role === 'server'
      ? 'the RLIMIT_NOFILE of a server other than c1m-native listen, which needs a descriptor for each connection in one process'
      : null
  ]
  return notes.filter((note) => note !== null)
}

/** Remedies of predictions as steps, each with the scope of the setting and what prevents it. */
import { type Foreseen, type Prediction, predictionOf } from '../checks/index.js'
import { type Remedy, shellLine } from '../checks/remedy.js'
import type { HostFacts } from '../host/facts.js'
import { capability, holdsOnHost } from '../host/kernel.js'
import { readSysctl } from '../host/sysctl/values.js'
import type { Places } from './places.js'
import { type Caller, isEnough, isManaged, obstacle, type Scope, scopeOf } from './sysctls.js'

/** One line of a remedy. */
export interface Step {
  /** A shell command; a line that begins with `#` is advice. */
  command: string
  /** Scope of the setting; null if the step is not a kernel setting. */
  scope: Scope | null
  /** Why the step cannot be done from here; null if it can, or if that is unknown. */
  blocked: string | null
}

/** A prediction with the steps that resolve it. */
export interface Binding extends Prediction {
  steps: Step[]
}

/** A sysctl that must be higher for the goal. */
export interface Setting {
  name: string
  /** Current value; null if it cannot be read. */
  current: string | null
  wanted: string
  scope: Scope
  /** The findings that it resolves. */
  lifts: string[]
  blocked: string | null
}

/** The host, the caller and the folders on which the steps depend. */
export interface Surroundings {
  facts: HostFacts
  caller: Caller
  places: Places
}

export function withSteps(foreseen: Foreseen, surroundings: Surroundings): Binding {
  const steps = foreseen.remedy.map((remedy) => ({
    command: shellLine(remedy),
    scope: remedy.kind === 'sysctl' ? scopeOf(remedy.name) : null,
    blocked: blockedBy(remedy, surroundings)
  }))
  return { ...predictionOf(foreseen), steps }
}

function blockedBy(remedy: Remedy, { facts, caller, places }: Surroundings): string | null {
  if (remedy.kind === 'sysctl') return obstacle(remedy.name, caller, places)
  return remedy.kind === 'prlimit' ? limitObstacle(facts) : null
}

/** Raising a hard limit needs CAP_SYS_RESOURCE in the initial user namespace, setrlimit(2). Root in a container lacks it. */
function limitObstacle({ kernel }: HostFacts): string | null {
  if (holdsOnHost(kernel, capability.sysResource) !== false) return null
  return 'needs CAP_SYS_RESOURCE, which this process lacks: raise it where the session, container or service is started'
}

/**
 * The sysctls that resolve the findings, in the order of the findings, without those that are high enough already.
 * Findings of severity `info` need none.
 */
export function settingsFor(foreseen: readonly Foreseen[], surroundings: Surroundings): Setting[] {
  const settings = new Map<string, Setting>()
  for (const { id, severity, remedy } of foreseen) {
    if (severity === 'info') continue
    for (const step of remedy) {
      if (step.kind !== 'sysctl') continue
      const { name, value } = step
      const scope = scopeOf(name)
      if (!scope || !isManaged(name)) continue
      const before = settings.get(name)
      const current = before ? before.current : currentOf(name, surroundings.places)
      if (current !== null && isEnough(current, value)) continue
      const wanted = before && isEnough(before.wanted, value) ? before.wanted : value
      const lifts = [...new Set([...(before?.lifts ?? []), id])]
      settings.set(name, { name, current, wanted, scope, lifts, blocked: blockedBy(step, surroundings) })
    }
  }
  return [...settings.values()]
}

function currentOf(name: string, places: Places): string | null {
  try {
    return readSysctl(name, places.procRoot)
  } catch {
    return null
  }
}

/** Remedies of predictions as steps: whose each setting is, and what stands in its way. */
import { type Foreseen, type Prediction, predictionOf } from '../checks/index.js'
import { type Remedy, shellLine } from '../checks/remedy.js'
import type { HostFacts } from '../host/facts.js'
import { capability, holdsOnHost } from '../host/kernel.js'
import { readSysctl } from '../host/sysctl/values.js'
import type { Places } from './places.js'
import { type Caller, isEnough, isManaged, obstacle, type Scope, scopeOf } from './sysctls.js'

/** One line of a remedy. */
export interface Step {
  /** A line for a shell; one that begins with `#` is advice. */
  command: string
  /** Whose the setting is; null where it is no setting of the kernel. */
  scope: Scope | null
  /** Why it cannot be done from here; null when it can, or nobody can tell. */
  blocked: string | null
}

/** A prediction, and what lifts it. */
export interface Binding extends Prediction {
  steps: Step[]
}

/** A sysctl that the goal needs higher. */
export interface Setting {
  name: string
  /** Value now; null when it cannot be read. */
  current: string | null
  wanted: string
  scope: Scope
  /** The findings it lifts. */
  lifts: string[]
  blocked: string | null
}

/** What the steps depend on. */
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

/** Raising a hard limit: CAP_SYS_RESOURCE in the initial user namespace, setrlimit(2); root of a container lacks it. */
function limitObstacle({ kernel }: HostFacts): string | null {
  if (holdsOnHost(kernel, capability.sysResource) !== false) return null
  return 'needs CAP_SYS_RESOURCE, which this process lacks: raise it where the session, container or service is started'
}

/**
 * The sysctls that lift what binds, in the order of the findings, without those that suffice already. Findings that
 * merely inform ask for nothing.
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

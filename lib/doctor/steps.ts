/** Remedies of predictions as steps: whose each setting is, and what stands in its way. */
import type { FindingId, Prediction } from '../checks/index.js'
import type { HostFacts } from '../host/facts.js'
import { capability, holdsOnHost } from '../host/kernel.js'
import { readSysctl } from '../host/sysctl/values.js'
import type { Places } from './places.js'
import { type Caller, isKnob, obstacle, type Scope, scopeOf, suffices } from './sysctls.js'

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
  lifts: FindingId[]
  blocked: string | null
}

/** What the steps depend on. */
export interface Surroundings {
  facts: HostFacts
  caller: Caller
  places: Places
}

export function withSteps(prediction: Prediction, surroundings: Surroundings): Binding {
  return { ...prediction, steps: prediction.remedy.map((command) => step(command, surroundings)) }
}

function step(command: string, { facts, caller, places }: Surroundings): Step {
  const sysctl = parseSysctl(command)
  if (sysctl) {
    const { name } = sysctl
    return { command, scope: scopeOf(name), blocked: obstacle(name, caller, places) }
  }
  return { command, scope: null, blocked: command.startsWith('prlimit ') ? limitObstacle(facts) : null }
}

/** Raising a hard limit: CAP_SYS_RESOURCE in the initial user namespace, setrlimit(2); root of a container lacks it. */
function limitObstacle({ kernel }: HostFacts): string | null {
  if (holdsOnHost(kernel, capability.sysResource) !== false) return null
  return 'needs CAP_SYS_RESOURCE, which this process lacks: raise it where the session, container or service is started'
}

/** `sysctl -w name=value`, as the checks write it. */
function parseSysctl(command: string): { name: string; value: string } | null {
  const match = /^sysctl -w ([\w.-]+)=("?)([^"]*)\2$/.exec(command)
  return match ? { name: match[1] ?? '', value: match[3] ?? '' } : null
}

/**
 * The sysctls that lift what binds, in the order of the findings, without those that suffice already. Findings that
 * merely inform ask for nothing.
 */
export function settingsFor(bindings: readonly Binding[], { places }: Surroundings): Setting[] {
  const settings = new Map<string, Setting>()
  for (const { id, severity, steps } of bindings) {
    if (severity === 'info') continue
    for (const { command, scope, blocked } of steps) {
      const sysctl = parseSysctl(command)
      if (!sysctl || !scope || !isKnob(sysctl.name)) continue
      const { name, value } = sysctl
      const before = settings.get(name)
      const current = before ? before.current : currentOf(name, places)
      if (current !== null && suffices(current, value)) continue
      const wanted = before && suffices(before.wanted, value) ? before.wanted : value
      const lifts = [...new Set([...(before?.lifts ?? []), id])]
      settings.set(name, { name, current, wanted, scope, lifts, blocked })
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

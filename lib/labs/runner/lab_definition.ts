/** What a lab is, and how an incident file writes one. */
import type { FindingId } from '../../checks/index.js'
import type { Sandbox } from '../sandbox/sandbox.js'
import type { Figure, StepResult } from '../verdict/lab_result.js'
import type { LabParameters, ParameterName, ParameterRange, Parametrized } from './lab_parameters.js'
import { resolveParameters } from './lab_parameters.js'
import { hostSysctlsOf, type Step, toolsOf } from './lab_step.js'
import { runInTurn } from './step_runner.js'

/** Facts of a lab that are the same in its definition and in the lab. */
interface LabFacts {
  readonly name: string
  /** Its place in lists, the lowest first. */
  readonly rank: number
  /** One line for the list. */
  readonly summary: string
  /** The one finding that must be named; null: none, because the lab shows a healthy run. */
  readonly expected: FindingId | null
  /** About how long it takes. */
  readonly seconds: number
}

/** An incident that is reproduced, diagnosed and fixed. */
export interface Lab extends LabFacts, Parametrized {
  /** Programs it needs, beyond those that every lab needs. */
  readonly tools: readonly string[]
  /** Sysctls of the whole host that it changes for seconds: it needs root and --allow-host-changes. */
  readonly hostSysctls: readonly string[]
  /** Memory it takes of the host, in bytes, where that is more than a little. */
  readonly memoryBytes?: (parameters: LabParameters) => number
  /** Failures of the incident are in the results; an error means that the lab could not run. */
  run(sandbox: Sandbox, parameters: LabParameters): Promise<LabRun>
}

/** What {@link Lab.run} gives. */
interface LabRun {
  readonly steps: readonly StepResult[]
  /** Figures that only this lab has. */
  readonly figures?: readonly Figure[]
  /** What the lab must show beyond the finding and the remedies, but did not. */
  readonly failures?: readonly string[]
}

/** A lab as its incident file writes it. */
interface LabDefinition<Name extends ParameterName, S extends Step> extends LabFacts {
  readonly parameters: Readonly<Record<Name, ParameterRange>>
  readonly fit?: (parameters: LabParameters<Name>) => Partial<LabParameters<Name>>
  readonly memoryBytes?: (parameters: LabParameters<Name>) => number
  /** The steps. Which tools and which sysctls of the host a lab needs follows from those with its default numbers. */
  readonly steps: (parameters: LabParameters<Name>) => readonly S[]
  /** How to run the steps. By default one after the other in one network. */
  readonly run?: (sandbox: Sandbox, steps: readonly S[], parameters: LabParameters<Name>) => Promise<LabRun>
}

export function defineLab<Name extends ParameterName, S extends Step>(
  definition: LabDefinition<Name, S>
): Lab {
  const { steps, run = runStepsInTurn, ...lab } = definition
  const usual = steps(resolveParameters(lab, {}, false))
  return {
    ...lab,
    tools: toolsOf(usual),
    hostSysctls: hostSysctlsOf(usual),
    run: (sandbox, parameters) => run(sandbox, steps(parameters), parameters)
  }
}

async function runStepsInTurn(sandbox: Sandbox, steps: readonly Step[]): Promise<LabRun> {
  return { steps: await runInTurn(sandbox.network(), steps) }
}

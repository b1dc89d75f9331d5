/** Whether a lab passes. Pure. */
import type { FindingId } from '../../checks/index.js'
import type { StepResult } from './lab_result.js'

/** Share of the healthy rate that a remedy must restore, and that a broken network must not reach. */
const healthyShare = 0.9

/** Share of connections that may be in trouble in a healthy network. */
const strayShare = 0.01

/** The rate that all others are compared with; 0 when no step is healthy. */
export function healthyRate(steps: readonly StepResult[]): number {
  return steps.find(({ role }) => role === 'healthy')?.promptPerSecond ?? 0
}

/** A step's rate as a share of the rate that a healthy network would have under the same load. */
export function shareOfHealthy({ promptPerSecond, times }: StepResult, steps: readonly StepResult[]): number {
  return promptPerSecond / (healthyRate(steps) * times)
}

/** What went wrong, a sentence each; empty when the lab passes. */
export function judge(expected: FindingId | null, steps: readonly StepResult[]): string[] {
  return steps.flatMap((step) => {
    const share = shareOfHealthy(step, steps)
    const percent = `${Math.round(share * 100)} % of the healthy rate`
    switch (step.role) {
      case 'healthy':
        return [...incomplete(step), ...superfluous(step)]
      case 'broken':
        return [
          ...misnamed(step, expected),
          ...(share < healthyShare ? [] : [`'${step.name}' broke nothing: ${percent}`])
        ]
      case 'remedy':
        return [
          ...superfluous(step),
          ...(share >= healthyShare ? [] : [`'${step.name}' restored only ${percent}`])
        ]
      default:
        return []
    }
  })
}

/** So few connections are in trouble that chance explains it: a busy kernel loses one SYN in a thousand. */
function isStray({ connections: { requested, delayed, failed, shed } }: StepResult): boolean {
  const troubled = delayed + failed + shed
  return troubled > 0 && troubled <= requested * strayShare
}

function incomplete({ name, connections: { requested, stood } }: StepResult): string[] {
  return stood >= requested ? [] : [`in '${name}' only ${stood} of ${requested} connections stood`]
}

function misnamed({ name, named }: StepResult, expected: string | null): string[] {
  const others = named.filter((id) => id !== expected)
  return [
    ...(expected === null || named.some((id) => id === expected)
      ? []
      : [`'${name}' did not name ${expected}`]),
    ...(others.length === 0 ? [] : [`'${name}' named ${others.join(', ')} as well`])
  ]
}

/** An `info` finding is allowed: with SYN cookies the queue is still full, but every connection is established. */
function superfluous(step: StepResult): string[] {
  if (isStray(step)) return []
  const { name, observed } = step
  const ids = observed.filter(({ finding }) => finding.severity !== 'info').map(({ finding }) => finding.id)
  return ids.length === 0 ? [] : [`'${name}' is healthy, but ${[...new Set(ids)].join(', ')} was named`]
}

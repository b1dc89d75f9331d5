/** Whether a lab showed what it is there to show. Pure. */
import type { ActResult, Lab } from './lab.js'

/** Share of the healthy rate that a remedy has to restore, and below which something is broken. */
export const healthyShare = 0.9

/** Share of connections in trouble up to which a network is healthy. */
const strayShare = 0.01

/** What rates are compared with: the healthy one; 0 without. */
export function healthyRate(acts: readonly ActResult[]): number {
  return acts.find(({ role }) => role === 'healthy')?.promptPerSecond ?? 0
}

/** An act's rate as a share of what the healthy network makes of its load. */
export function shareOfHealthy({ promptPerSecond, times }: ActResult, acts: readonly ActResult[]): number {
  return promptPerSecond / (healthyRate(acts) * times)
}

/** What went wrong, a sentence each; empty when the lab is proven. */
export function judge({ expected }: Pick<Lab, 'expected'>, acts: readonly ActResult[]): string[] {
  return acts.flatMap((act) => {
    const share = shareOfHealthy(act, acts)
    const percent = `${Math.round(share * 100)} % of the healthy rate`
    switch (act.role) {
      case 'healthy':
        return [...incomplete(act), ...superfluous(act)]
      case 'broken':
        return [
          ...misnamed(act, expected),
          ...(share < healthyShare ? [] : [`'${act.name}' broke nothing: ${percent}`])
        ]
      case 'remedy':
        return [
          ...superfluous(act),
          ...(share >= healthyShare ? [] : [`'${act.name}' restored only ${percent}`])
        ]
      default:
        return []
    }
  })
}

/** Whatever was named concerns so few connections that chance will do: a SYN in a thousand gets lost in a busy kernel. */
function isStray({ connections: { requested, delayed, failed, shed } }: ActResult): boolean {
  const troubled = delayed + failed + shed
  return troubled > 0 && troubled <= requested * strayShare
}

function incomplete({ name, connections: { requested, stood } }: ActResult): string[] {
  return stood >= requested ? [] : [`in '${name}' only ${stood} of ${requested} connections stood`]
}

function misnamed({ name, named }: ActResult, expected: string | null): string[] {
  const others = named.filter((id) => id !== expected)
  return [
    ...(expected === null || named.some((id) => id === expected)
      ? []
      : [`'${name}' did not name ${expected}`]),
    ...(others.length === 0 ? [] : [`'${name}' named ${others.join(', ')} as well`])
  ]
}

/** A remark (`info`) is no complaint: with SYN cookies the queue is still full, and nobody suffers. */
function superfluous(act: ActResult): string[] {
  if (isStray(act)) return []
  const { name, observed } = act
  const ids = observed.filter(({ finding }) => finding.severity !== 'info').map(({ finding }) => finding.id)
  return ids.length === 0 ? [] : [`'${name}' is healthy, but ${[...new Set(ids)].join(', ')} was named`]
}

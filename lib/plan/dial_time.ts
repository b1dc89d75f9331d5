/** Estimates how long a run takes. */
import { connectsPerCpu } from '../checks/causes/dialer_saturated.js'
import type { RampPoint } from '../scenario/ramp.js'
import type { DialScenario } from '../scenario/scenario.js'

/** Expected durations in seconds, if nothing delays the run. */
export interface PlannedTime {
  /** Until the last connection is started at the requested rate; null without a rate, and in a churn. */
  dialSeconds: number | null
  /** The same at the highest speed of these CPUs. */
  atBestSeconds: number
  holdSeconds: number
  /** Limit of the whole run; null: none. */
  boundSeconds: number | null
}

/** @param bothEnds whether the accepting end uses the same CPUs */
export function planTime(scenario: DialScenario, cpus: number | null, bothEnds: boolean): PlannedTime {
  const { connections, rate, workers, holdMs, durationMs, churn } = scenario
  const perCpu = bothEnds ? connectsPerCpu.bothEnds : connectsPerCpu.oneEnd
  return {
    dialSeconds: rate.length === 0 || churn ? null : secondsToStart(connections, rate),
    atBestSeconds: connections / (perCpu * Math.min(workers, cpus ?? workers)),
    holdSeconds: holdMs / 1000,
    boundSeconds: durationMs === null ? null : durationMs / 1000
  }
}

/** Seconds until `count` connections are started. The rate is piecewise linear, and the last rate then holds. */
export function secondsToStart(count: number, points: readonly RampPoint[]): number {
  let left = count
  for (const [index, { atMs, perSecond: rate }] of points.entries()) {
    const next = points[index + 1]
    if (!next) return atMs / 1000 + left / rate
    const seconds = (next.atMs - atMs) / 1000
    const started = ((rate + next.perSecond) / 2) * seconds
    if (started >= left) return atMs / 1000 + crossing(rate, (next.perSecond - rate) / seconds, left)
    left -= started
  }
  return 0
}

/** Time at which rate t + slope/2 t^2 reaches `count`; this form is exact for a slope near zero. */
function crossing(rate: number, slope: number, count: number): number {
  return (2 * count) / (rate + Math.sqrt(Math.max(0, rate * rate + 2 * slope * count)))
}

/** How long a run will take. */
import { connectsPerCpu } from '../checks/causes/dialer_saturated.js'
import type { RampPoint } from '../scenario/ramp.js'
import type { DialScenario } from '../scenario/scenario.js'

/** Expected durations in seconds, if nothing holds the run up. */
export interface PlannedTime {
  /** Until the last connection is started, at the rate asked for; null when that is as fast as possible, and in a churn. */
  dialSeconds: number | null
  /** The same as fast as these CPUs go at best. */
  atBestSeconds: number
  holdSeconds: number
  /** Bound of the whole run; null: none. */
  boundSeconds: number | null
}

/** @param bothEnds whether the accepting end takes of the same CPUs */
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

/** Seconds until `count` connections are started by a piecewise-linear schedule whose last rate holds. */
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

/** When rate t + slope/2 t^2 reaches `count`; in the form that is exact for a slope near zero. */
function crossing(rate: number, slope: number, count: number): number {
  return (2 * count) / (rate + Math.sqrt(Math.max(0, rate * rate + 2 * slope * count)))
}

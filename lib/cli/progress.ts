/** The progress line on stderr: redrawn in place on a terminal, a line now and then elsewhere. */

import { approximateCount, approximateRate, formatDurationMs, formatNumber } from '../base/units.js'
import type { Snapshot } from '../dial/snapshot.js'
import type { ListenSnapshot } from '../listen/listen.js'
import { cut } from '../report/layout.js'
import type { DialScenario } from '../scenario/scenario.js'
import type { TerminalStream } from './terminal.js'

/** At most ten redraws a second: more is flicker, and costs the thread that watches the run. */
const redrawMs = 100
/** For logs: often enough to see it alive, seldom enough to read. */
const lineMs = 5000

const eraseLine = '\r\u001b[2K'

export class Progress {
  readonly #stream: TerminalStream
  readonly #live: boolean
  readonly #now: () => number
  #lastMs: number
  #drawn = false

  /** @param now a monotonic clock in milliseconds */
  constructor(stream: TerminalStream, live: boolean, now: () => number = () => performance.now()) {
    this.#stream = stream
    this.#live = live
    this.#now = now
    this.#lastMs = live ? Number.NEGATIVE_INFINITY : now()
  }

  /** Shows `text()`, unless the last one is too recent. */
  show(text: () => string): void {
    const nowMs = this.#now()
    if (nowMs - this.#lastMs < (this.#live ? redrawMs : lineMs)) return
    this.#lastMs = nowMs
    if (!this.#live) {
      this.#stream.write(`${text()}\n`)
      return
    }
    // A width of 0 is a terminal that does not know it. A line that wraps can't be erased by one carriage return.
    this.#stream.write(eraseLine + cut(text(), (this.#stream.columns || 80) - 1))
    this.#drawn = true
  }

  /** A line that stays, above the progress. */
  line(text: string): void {
    this.clear()
    this.#stream.write(`${text}\n`)
  }

  /** Takes the line off the terminal. */
  clear(): void {
    if (this.#drawn) this.#stream.write(eraseLine)
    this.#drawn = false
  }
}

/** What a dial is to reach. */
type DialGoal = Pick<DialScenario, 'connections' | 'holdMs' | 'churn' | 'durationMs'>

/** One line about a dial. `holdSeconds`: how long the hold has lasted. */
export function dialProgress(snapshot: Snapshot, goal: DialGoal, holdSeconds: number): string {
  const { phase, failed, exchanges, closedByPeer, findings } = snapshot
  const churns = goal.churn && phase === 'dialing'
  const parts = churns ? churning(snapshot, goal) : opening(snapshot, goal)
  if (phase === 'holding') parts.push(`${seconds(holdSeconds)} of ${formatDurationMs(goal.holdMs)}`)
  if (exchanges > 0 && !churns) parts.push(`${approximateCount(exchanges)} exchanges`)
  if (closedByPeer > 0) parts.push(`${approximateCount(closedByPeer)} closed by peer`)
  const unanswered = snapshot.errors.filter(({ phase }) => phase === 'exchange')
  const others = snapshot.errors.filter(({ phase }) => phase !== 'exchange')
  const missing = unanswered.reduce((sum, { count }) => sum + count, 0)
  if (failed > 0) parts.push(`${approximateCount(failed)} failed${causes(others)}`)
  if (missing > 0) parts.push(`${approximateCount(missing)} exchanges failed${causes(unanswered)}`)
  parts.push(...findings.map(({ id }) => id))
  return parts.join(', ')
}

function churning(snapshot: Snapshot, { durationMs }: DialGoal): string[] {
  const { transactions, transactionsPerSecond, established, tSeconds } = snapshot
  return [
    `churning ${approximateRate(transactionsPerSecond)}`,
    `${approximateCount(transactions)} transactions`,
    `${approximateCount(established)} open`,
    ...(durationMs === null ? [] : [`${seconds(tSeconds)} of ${formatDurationMs(durationMs)}`])
  ]
}

function opening(snapshot: Snapshot, goal: DialGoal): string[] {
  const { phase, established, connectsPerSecond, inFlight, failed, closedByPeer } = snapshot
  const parts = [`${phase} ${approximateCount(established)} of ${approximateCount(goal.connections)}`]
  if (phase === 'dialing') {
    parts.push(approximateRate(connectsPerSecond), `${formatNumber(inFlight)} in flight`)
    const left = goal.connections - established - failed - closedByPeer
    if (left > 0 && connectsPerSecond > 0) parts.push(`${seconds(left / connectsPerSecond)} left`)
  }
  return parts
}

/** One line about a listener. */
export function listenProgress({ open, accepted, acceptsPerSecond, failed }: ListenSnapshot): string {
  const parts = [
    `${approximateCount(open)} open`,
    `${approximateCount(accepted)} accepted`,
    approximateRate(acceptsPerSecond)
  ]
  if (failed > 0) parts.push(`${approximateCount(failed)} failed`)
  return parts.join(', ')
}

function causes(errors: Snapshot['errors']): string {
  const byCode = new Map<string, number>()
  for (const { code, count } of errors) byCode.set(code, (byCode.get(code) ?? 0) + count)
  const sorted = [...byCode].sort((a, b) => b[1] - a[1])
  return sorted.length === 0
    ? ''
    : ` (${sorted.map(([code, count]) => `${code} ${approximateCount(count)}`).join(', ')})`
}

function seconds(value: number): string {
  const whole = Math.round(value)
  return whole < 60 ? `${whole}s` : `${Math.floor(whole / 60)}m${whole % 60}s`
}

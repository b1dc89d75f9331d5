/** The progress line on stderr: redrawn in place on a terminal, a line now and then elsewhere. */

import {
  approximateCount,
  approximateDurationUs,
  approximateRate,
  approximateSeconds,
  formatNumber
} from '../base/units.js'
import type { Snapshot } from '../dial/snapshot.js'
import type { ListenSnapshot } from '../listen/listen.js'
import { cut } from '../report/paint.js'
import { wrapped } from '../report/wrap.js'
import type { DialScenario } from '../scenario/scenario.js'
import { type RampGoal, RampOutlook, type RampParts } from './ramp_outlook.js'
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

  /** Shows `text`, unless the last one is too recent. It gets the columns there are for it. */
  show(text: (room: number) => string): void {
    const nowMs = this.#now()
    if (nowMs - this.#lastMs < (this.#live ? redrawMs : lineMs)) return
    this.#lastMs = nowMs
    if (!this.#live) {
      this.#stream.write(`${text(Number.POSITIVE_INFINITY)}\n`)
      return
    }
    // A width of 0 is a terminal that does not know it. A line that wraps can't be erased by one carriage return.
    const room = (this.#stream.columns || 80) - 1
    this.#stream.write(eraseLine + cut(text(room), room))
    this.#drawn = true
  }

  /** A line that stays, above the progress; on a terminal it is wrapped. */
  line(text: string): void {
    this.clear()
    const lines = this.#live ? wrapped(text, this.#stream.columns || 80, 2) : [text]
    this.#stream.write(`${lines.join('\n')}\n`)
  }

  /** Takes the line off the terminal. */
  clear(): void {
    if (this.#drawn) this.#stream.write(eraseLine)
    this.#drawn = false
  }
}

/** What a dial is to reach. */
type DialGoal = Pick<DialScenario, 'holdMs' | 'churn' | 'durationMs'> & RampGoal

/** A part of a line. Where there is no room for all, those of the highest rank are left out first. */
interface Part {
  readonly text: string
  /** Instead of `text` where there is little room. */
  readonly brief?: string
  readonly rank: number
}

/**
 * One line about a dial.
 * @param holdSeconds how long the hold has lasted
 * @param room columns there are for it
 */
export function dialProgress(
  snapshot: Snapshot,
  goal: DialGoal,
  holdSeconds: number,
  ramp: RampParts = new RampOutlook(goal).partsOf(snapshot),
  room = Number.POSITIVE_INFINITY
): string {
  const { phase, failed, exchanges, closedByPeer, findings } = snapshot
  const churns = goal.churn && phase === 'dialing'
  const parts = churns ? churning(snapshot, goal) : opening(snapshot, goal, ramp)
  const add = (rank: number, text: string, brief = text) => parts.push({ text, brief, rank })
  if (phase === 'holding') add(0, `${approximateSeconds(holdSeconds)} of ${milliseconds(goal.holdMs)}`)
  if (exchanges > 0 && !churns) add(3, `${approximateCount(exchanges)} exchanges`)
  if (closedByPeer > 0) add(1, `${formatNumber(closedByPeer)} closed by peer`)
  const unanswered = snapshot.errors.filter(({ phase }) => phase === 'exchange')
  const others = snapshot.errors.filter(({ phase }) => phase !== 'exchange')
  const missing = unanswered.reduce((sum, { count }) => sum + count, 0)
  // All digits: rounded to three, a count would stand still while thousands fail.
  const failures = `${formatNumber(failed)} failed`
  const unmet = `${formatNumber(missing)} exchanges failed`
  if (failed > 0) add(1, failures + causes(others), failures)
  if (missing > 0) add(1, unmet + causes(unanswered), unmet)
  // Each has had a line of its own.
  for (const { id } of findings) add(4, id)
  return fitted(parts, room)
}

function churning(snapshot: Snapshot, { durationMs }: DialGoal): Part[] {
  const { transactions, transactionsPerSecond, established, tSeconds } = snapshot
  return [
    { text: `churning ${approximateRate(transactionsPerSecond)}`, rank: 0 },
    { text: `${approximateCount(transactions)} transactions`, rank: 3 },
    { text: `${approximateCount(established)} open`, rank: 4 },
    ...(durationMs === null
      ? []
      : [{ text: `${approximateSeconds(tSeconds)} of ${milliseconds(durationMs)}`, rank: 0 }])
  ]
}

function opening(
  { phase, established, connectsPerSecond, inFlight }: Snapshot,
  { connections }: DialGoal,
  { left, silence, million }: RampParts
): Part[] {
  const head = `${phase} ${approximateCount(established)} of ${approximateCount(connections)}`
  if (phase !== 'dialing') return [{ text: head, rank: 0 }]
  return [
    { text: head, rank: 0 },
    { text: approximateRate(connectsPerSecond), rank: connectsPerSecond > 0 ? 3 : 4 },
    { text: `${formatNumber(inFlight)} in flight`, rank: 5 },
    { text: silence, rank: 2 },
    { text: left, rank: 0 },
    { text: million, brief: million.replace(' would take', ':'), rank: 3 }
  ].filter(({ text }) => text !== '')
}

/** The parts in one line, as far as they have room: first in brief, then without those of the highest rank. */
function fitted(parts: readonly Part[], room: number): string {
  const whole = parts.map(({ text }) => text).join(', ')
  if (whole.length <= room) return whole
  const kept = [...parts]
  const brief = () => kept.map(({ text, brief = text }) => brief).join(', ')
  for (let rank = 5; rank > 0; rank--) {
    for (let i = kept.length - 1; i >= 0 && brief().length > room; i--)
      if (kept[i]?.rank === rank) kept.splice(i, 1)
  }
  return brief()
}

/** One line about a listener. */
export function listenProgress({ open, accepted, acceptsPerSecond, failed }: ListenSnapshot): string {
  const parts = [
    `${approximateCount(open)} open`,
    `${approximateCount(accepted)} accepted`,
    approximateRate(acceptsPerSecond)
  ]
  if (failed > 0) parts.push(`${formatNumber(failed)} failed`)
  return parts.join(', ')
}

function causes(errors: Snapshot['errors']): string {
  const byCode = new Map<string, number>()
  for (const { code, count } of errors) byCode.set(code, (byCode.get(code) ?? 0) + count)
  const sorted = [...byCode].sort((a, b) => b[1] - a[1])
  return sorted.length === 0
    ? ''
    : ` (${sorted.map(([code, count]) => `${code} ${formatNumber(count)}`).join(', ')})`
}

function milliseconds(value: number): string {
  return value % 1000 === 0 ? approximateSeconds(value / 1000) : approximateDurationUs(value * 1000)
}

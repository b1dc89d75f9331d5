/** The progress line of labs: what the running one does, for how long, and how long it usually takes. */
import { approximateSeconds } from '../base/units.js'
import type { Lab } from '../labs/runner/lab_definition.js'
import type { SeriesPlace } from '../labs/runner/run_labs.js'
import type { Reporter } from './reporter.js'

export class LabProgress implements Disposable {
  readonly #reporter: Pick<Reporter, 'progress' | 'everyMs'>
  readonly #now: () => number
  readonly #beganMs: number
  #running:
    | { lab: Pick<Lab, 'name' | 'seconds'>; place: SeriesPlace | undefined; sinceMs: number }
    | undefined
  #text = ''
  #timer: NodeJS.Timeout | undefined

  /** @param now a monotonic clock in milliseconds */
  constructor(reporter: Pick<Reporter, 'progress' | 'everyMs'>, now: () => number = () => performance.now()) {
    this.#reporter = reporter
    this.#now = now
    this.#beganMs = now()
  }

  /** A lab begins: from now on its line is kept up to date. */
  start(lab: Pick<Lab, 'name' | 'seconds'>, place?: SeriesPlace): void {
    this.#running = { lab, place, sinceMs: this.#now() }
    this.#text = lab.name
    const { everyMs } = this.#reporter
    if (everyMs !== undefined) this.#timer ??= setInterval(() => this.#show(), everyMs).unref()
  }

  /** What the lab does now. */
  step(text: string): void {
    this.#text = text
    this.#show()
  }

  /** The labs are over. */
  stop(): void {
    clearInterval(this.#timer)
    this.#running = undefined
  }

  [Symbol.dispose](): void {
    this.stop()
  }

  #show(): void {
    this.#reporter.progress(() => this.#line())
  }

  #line(): string {
    if (!this.#running) return this.#text
    const { lab, place, sinceMs } = this.#running
    const line = `${this.#text}, ${elapsed(this.#now() - sinceMs, lab.seconds)}`
    if (!place || place.of === 1) return line
    return `${line}; lab ${place.number} of ${place.of}, ${elapsed(this.#now() - this.#beganMs, place.seconds)}`
  }
}

/** Numbers other than the default ones, or a busy host, make a lab take longer than it usually does. */
function elapsed(ms: number, usualSeconds: number): string {
  const seconds = ms / 1000
  const usual = `about ${approximateSeconds(usualSeconds)}`
  return seconds <= usualSeconds
    ? `${approximateSeconds(seconds)} of ${usual}`
    : `${approximateSeconds(seconds)}, usually ${usual}`
}

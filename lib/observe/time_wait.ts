/** Tracks the TIME_WAIT sockets of this network namespace, which a churn creates. */
import { readFileSync } from 'node:fs'
import { type Counters, parseSockstat } from '../host/counter_files.js'
import { counterValue } from '../host/counters.js'
import type { TimeWaits } from '../result/result.js'

export class TimeWaitWatch {
  readonly #before = timeWaits()
  #peak = this.#before

  sample(): void {
    const now = timeWaits()
    if (now !== null) this.#peak = Math.max(this.#peak ?? 0, now)
  }

  /** Totals from the start of the watch until now. */
  totals(): TimeWaits {
    this.sample()
    return { before: this.#before, peak: this.#peak, after: timeWaits() }
  }
}

function timeWaits(): number | null {
  try {
    const counters: Counters = {}
    parseSockstat(readFileSync('/proc/net/sockstat', 'utf8'), counters)
    return counterValue(counters, 'Sockstat.TCP.tw')
  } catch {
    return null
  }
}

/** How long a ramp will still take, also one that nothing answers. */
import { approximateCount, approximateSeconds } from '../base/units.js'
import type { Snapshot } from '../dial/snapshot.js'
import type { DialScenario } from '../scenario/scenario.js'

/** What of a scenario decides how long its ramp takes. */
export type RampGoal = Pick<DialScenario, 'connections'> &
  Partial<Pick<DialScenario, 'rate' | 'window' | 'connectTimeoutMs' | 'synRetries'>>

/** The rate of the ramp is that of so many seconds: in less, it jumps. */
const recentSeconds = 2

/** The ramp is silent once nothing was established for so long while handshakes wait: a lost SYN alone takes as long. */
const silentSeconds = 1

const million = 1_000_000

/** A ramp at one moment. */
interface Moment {
  readonly tSeconds: number
  /** Connections that were established or failed so far. */
  readonly settled: number
}

/** Parts of the progress line; those of which there is nothing to say are empty. */
export interface RampParts {
  /** How much time is left. */
  readonly left: string
  /** That nothing answers. */
  readonly silence: string
  /** How long a million would take while nothing answers, where another number is wanted. */
  readonly million: string
}

/** Sees each snapshot of a ramp. */
export class RampOutlook {
  readonly #goal: RampGoal
  #recent: Moment[] = []
  #established = 0
  /** When the last connection was established; the start of the run before the first one. */
  #answeredSeconds = 0

  constructor(goal: RampGoal) {
    this.#goal = goal
  }

  /** What there is to say of the ramp at the moment of the snapshot. */
  partsOf(snapshot: Snapshot): RampParts {
    const { tSeconds, attempted, inFlight, failed, connectsPerSecond } = snapshot
    const settled = attempted - inFlight
    const established = settled - failed
    if (established > this.#established) this.#answeredSeconds = tSeconds
    this.#established = established
    this.#note({ tSeconds, settled })
    const waiting = this.#goal.connections - settled
    const none = { left: '', silence: '', million: '' }
    if (waiting <= 0) return none
    if (this.#isSilent(snapshot)) return this.#silent(tSeconds, waiting, inFlight)
    const perSecond = this.#perSecond() ?? connectsPerSecond
    return perSecond > 0 ? { ...none, left: `${approximateSeconds(waiting / perSecond)} left` } : none
  }

  #isSilent({ tSeconds, inFlight, errors }: Snapshot): boolean {
    if (inFlight === 0 || tSeconds - this.#answeredSeconds < silentSeconds) return false
    // A refusal is an answer.
    return errors.every(({ phase, code }) => phase === 'timeout' || code === 'ETIMEDOUT')
  }

  /** Each window of handshakes lasts until it times out, and then the next one starts. */
  #silent(tSeconds: number, waiting: number, inFlight: number): RampParts {
    const { connections, rate = [], window = connections } = this.#goal
    const silence =
      this.#established > 0
        ? `no answer for ${approximateSeconds(tSeconds - this.#answeredSeconds)}`
        : 'nothing answers'
    const timeoutSeconds = handshakeSeconds(this.#goal)
    if (timeoutSeconds === null) return { left: '', silence, million: '' }
    const perSecond = Math.max(0, ...rate.map((point) => point.perSecond))
    const windows = (count: number) => Math.ceil(count / window) * timeoutSeconds
    // At a rate, all but the last handshakes time out while others start.
    const paced = (count: number) => (perSecond > 0 ? count / perSecond + timeoutSeconds : 0)
    const elapsed = (tSeconds - this.#answeredSeconds) % timeoutSeconds
    const left = Math.max(0, windows(waiting) - elapsed, paced(waiting - inFlight))
    return {
      left: `${approximateSeconds(left)} left`,
      silence,
      million:
        connections === million
          ? ''
          : `${approximateCount(million)} would take ${approximateSeconds(Math.max(windows(million), paced(million)))}`
    }
  }

  #note(moment: Moment): void {
    const oldest = moment.tSeconds - recentSeconds
    const kept = this.#recent.findLastIndex(({ tSeconds }) => tSeconds <= oldest)
    this.#recent = [...this.#recent.slice(Math.max(0, kept)), moment]
  }

  /** How many settled a second of late; null before the second snapshot. */
  #perSecond(): number | null {
    const [first, last] = [this.#recent[0], this.#recent.at(-1)]
    if (!first || !last || last.tSeconds <= first.tSeconds) return null
    return (last.settled - first.settled) / (last.tSeconds - first.tSeconds)
  }
}

/** Seconds until an unanswered handshake fails; null where the goal does not say. */
function handshakeSeconds({ connectTimeoutMs, synRetries = 0 }: RampGoal): number | null {
  if (connectTimeoutMs === undefined) return null
  // connect(2) gives up when that many doubling timeouts would be over, on every kernel: synRetrySchedule in lib/host has
  // the details, which are not loaded for a progress line. 0 means the sysctl, which allows more than two minutes.
  const retriedSeconds = synRetries > 0 ? 2 ** (synRetries + 1) - 1 : Number.POSITIVE_INFINITY
  return Math.min(connectTimeoutMs / 1000, retriedSeconds)
}

/** When a step first shows trouble, and when its cause is named. */
import type { CounterName } from '../../host/counter_names.js'
import { counterValue } from '../../host/counters.js'
import type { Child, Line } from '../sandbox/child.js'

/** A counter whose first movement is the first sign of trouble, in the namespace of a process. */
export interface Sign {
  readonly child: Child
  readonly counter: CounterName
}

/** Interval between two reads of the counter, in milliseconds. */
const readIntervalMs = 50

/** Observes a step from construction on. Times are in seconds since then. */
export class Observer implements Disposable {
  readonly #beganMs = performance.now()
  readonly #named = new Map<string, number>()
  readonly #timer: NodeJS.Timeout | undefined
  #signAt: number | null = null

  constructor(sign: Sign | null) {
    if (sign === null) return
    const read = () => counterValue(sign.child.counters(), sign.counter) ?? 0
    const before = read()
    this.#timer = setInterval(() => {
      if (this.#signAt === null && read() > before) this.#signAt = this.#seconds()
    }, readIntervalMs)
  }

  /** Notes the findings in a line of `dial` or `watch`. */
  see({ findings }: Line): void {
    if (!Array.isArray(findings)) return
    for (const { id } of findings) if (!this.#named.has(id)) this.#named.set(id, this.#seconds())
  }

  /** When the counter first moved; null: it did not move, or there is none. */
  get signSeconds(): number | null {
    return this.#signAt
  }

  /** When this finding was first named; null: never. */
  namedSeconds(id: string | undefined): number | null {
    return (id === undefined ? undefined : this.#named.get(id)) ?? null
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
  }

  #seconds(): number {
    return Number(((performance.now() - this.#beganMs) / 1000).toFixed(2))
  }
}

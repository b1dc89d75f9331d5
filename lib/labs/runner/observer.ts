/** What is named while an act goes on, and when. */
import { type CounterName, counterValue } from '../../host/counters.js'
import type { Child, Line } from '../stage/child.js'

/** A counter of the namespace a process is in, of which the first movement is the first sign of trouble. */
export interface Sign {
  readonly child: Child
  readonly counter: CounterName
}

/** How often the counter is looked at, in milliseconds. */
const lookEveryMs = 50

/** Watches over an act from the moment it is made. Times are in seconds since then. */
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
    }, lookEveryMs)
  }

  /** Takes note of the findings in a line of `dial` or `watch`. */
  see({ findings }: Line): void {
    if (!Array.isArray(findings)) return
    for (const { id } of findings) if (!this.#named.has(id)) this.#named.set(id, this.#seconds())
  }

  /** When the counter first moved; null: it did not, or there is none. */
  get signSeconds(): number | null {
    return this.#signAt
  }

  /** When this was first named; null: never. */
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

/** Latencies of the connects and exchanges that ended between two samples of a run. */
import type { Engine } from '../engine/engine.js'
import { countsSince, joinCounts, percentileUs, type SparseCounts } from '../engine/latency_counts.js'
import type { IntervalLatencies } from '../result/result.js'

/** Latencies of one interval. */
export interface Interval {
  connect: SparseCounts
  /** null when no answer is awaited. */
  exchange: SparseCounts | null
}

/** Takes the latencies since the previous sample. */
export class IntervalLatency {
  readonly #connect: Tally
  readonly #exchange: Tally | null

  /** @param answers whether the exchanges wait for an answer */
  constructor(engine: Engine, answers: boolean) {
    this.#connect = new Tally(engine, 'connect')
    this.#exchange = answers ? new Tally(engine, 'exchange') : null
  }

  take(): Interval {
    return { connect: this.#connect.take(), exchange: this.#exchange?.take() ?? null }
  }
}

class Tally {
  readonly #engine: Engine
  readonly #kind: 'connect' | 'exchange'
  #before: SparseCounts = []

  constructor(engine: Engine, kind: 'connect' | 'exchange') {
    this.#engine = engine
    this.#kind = kind
  }

  take(): SparseCounts {
    const now = this.#engine.latencyCounts(this.#kind)
    const since = countsSince(this.#before, now)
    this.#before = now
    return since
  }
}

/** Two adjacent intervals as one. */
export function joinIntervals(a: Interval, b: Interval): Interval {
  return {
    connect: joinCounts(a.connect, b.connect),
    exchange: a.exchange && b.exchange && joinCounts(a.exchange, b.exchange)
  }
}

export function intervalLatencies({ connect, exchange }: Interval): IntervalLatencies {
  return {
    connectP50Us: percentileUs(connect, 0.5),
    connectP99Us: percentileUs(connect, 0.99),
    exchangeP50Us: exchange && percentileUs(exchange, 0.5),
    exchangeP99Us: exchange && percentileUs(exchange, 0.99)
  }
}

/** A live sample: TCP_INFO of some connections of a run, read repeatedly. */
import { columnsOf } from '../engine/census.js'
import type { Engine } from '../engine/engine.js'
import { summarizeCensus } from '../observe/census_summary.js'
import type { CensusSummary } from '../result/census_result.js'

/** Room to spare: each worker rounds its share up, and new connections appear while the sample is taken. */
const roomFor = (size: number) => size * 2 + 1024

/** Takes one sample at a time, each from different connections than the previous one. */
export class Sampler {
  readonly #engine: Engine
  readonly #size: number
  #taken = 0
  #underway = false
  #latest: CensusSummary | null = null

  /** @param size connections in a sample, about */
  constructor(engine: Engine, size: number) {
    this.#engine = engine
    this.#size = size
  }

  /** The latest sample. Also requests the next one, which is ready for the next caller about a millisecond later. */
  take(): CensusSummary | null {
    // Without memory for the sample the snapshot has none and is otherwise complete.
    if (!this.#underway) this.#next().catch(() => {})
    return this.#latest
  }

  async #next(): Promise<void> {
    this.#underway = true
    const began = performance.now()
    const open = this.#engine.counters().dialedOpen
    const stride = Math.max(1, Math.floor(open / this.#size))
    const request = { capacity: roomFor(this.#size), stride, offset: this.#taken++ % stride }
    const taken = await this.#engine.census(request).finally(() => {
      this.#underway = false
    })
    if (taken === null) return
    const columns = columnsOf(taken)
    this.#latest = summarizeCensus({ ...columns, missing: 0, tookMs: performance.now() - began })
  }
}

/**
 * Whether held connections are alive. An established connection says nothing by itself: its peer may be gone, or may never
 * have known it (phantom-established). So the run reads what the peers have answered, where they are probed or talk
 * anyway, and asks a sample of them where they are not.
 */
import type { BestEffort } from '../base/best_effort.js'
import type { Engine, EngineCounters } from '../engine/engine.js'
import type { NativeProof } from '../engine/native_run.js'
import { type BelievedSums, believed, type ProofView, unproven } from '../observe/proof_view.js'
import type { Alive } from '../result/result.js'
import type { DialScenario } from '../scenario/scenario.js'

/** How many connections are probed; each table rounds its share. */
export const sampleSize = 1000

/** The kernel sends a probe after one idle second, and the answer needs a round trip. */
export const leastHoldMs = 2000

/** The time after which a peer has left three probes unanswered: native/engine/run/prover.cc. */
const roundMs = 4600

/** Only after this time does a missing answer mean anything. */
const fullRoundMs = 1500

/** Interval between two looks at the answers. */
const lookEveryMs = 250

/** A hold of this length or more is probed twice: at its start and at its end. */
const twoRoundsMs = 12_000

/** The evidence that is available in this scenario. */
export function means({
  selfDial,
  exchange,
  socketOptions: { keepaliveMs },
  holdMs
}: Pick<DialScenario, 'selfDial' | 'exchange' | 'socketOptions' | 'holdMs'>): Alive['by'] {
  if (selfDial) return 'listener'
  if (exchange?.everyMs && holdMs >= exchange.everyMs) return 'heartbeat'
  if (keepaliveMs !== null && holdMs >= 2 * keepaliveMs) return 'keepalive'
  if (holdMs >= leastHoldMs) return 'probe'
  return exchange && exchange.expectBytes > 0 ? 'exchange' : 'none'
}

export class Proof {
  readonly #engine: Engine
  readonly #scenario: DialScenario
  readonly #challenges: () => number
  readonly #bestEffort: BestEffort
  readonly #by: Alive['by']
  /** When each round of probes begins, in milliseconds since the start of the hold. */
  readonly #rounds: number[]
  #sums: BelievedSums | null = null
  #isChosen = false
  /** Whether a round has lasted long enough for answers to arrive. */
  #isRoundDone = false
  #probed = 0
  #roundBeganMs: number | null = null
  #lookedMs = 0
  #step: Promise<void> | null = null
  /** The engine's counters at the end of the hold: after the run, nothing is open at either end. */
  #held: EngineCounters | null = null

  /** @param challenges how far TcpExt.TCPSYNChallenge has moved: it counts repeated SYN-ACKs */
  constructor(engine: Engine, scenario: DialScenario, challenges: () => number, bestEffort: BestEffort) {
    this.#engine = engine
    this.#scenario = scenario
    this.#challenges = challenges
    this.#bestEffort = bestEffort
    this.#by = means(scenario)
    const { holdMs } = scenario
    const last = Math.max(0, holdMs - roundMs)
    this.#rounds = this.#by !== 'probe' ? [] : holdMs >= twoRoundsMs ? [0, last] : [last]
  }

  /** Must be called regularly during the hold. Does not block and never throws. */
  tick(heldMs: number): void {
    if (this.#by !== 'probe' || this.#step) return
    const action = this.#due(heldMs)
    if (action === null) return
    this.#step = this.#bestEffort
      .attempt(what, () => action(heldMs))
      .then(() => {
        this.#step = null
      })
  }

  #due(heldMs: number): ((heldMs: number) => Promise<void>) | null {
    if (!this.#isChosen) return () => this.#choose()
    if (this.#roundBeganMs !== null) return heldMs >= this.#lookedMs + lookEveryMs ? this.#look : null
    return heldMs >= (this.#rounds[0] ?? Number.POSITIVE_INFINITY) ? this.#ask : null
  }

  async #choose(): Promise<void> {
    this.#isChosen = true
    const { dialedOpen } = this.#engine.counters()
    await this.#engine.prove('choose', { stride: Math.max(1, Math.ceil(dialedOpen / sampleSize)) })
  }

  readonly #ask = async (heldMs: number): Promise<void> => {
    this.#rounds.shift()
    const asked = await this.#engine.prove('ask')
    this.#roundBeganMs = heldMs
    this.#lookedMs = heldMs
    // Connections that the first round found dead are not probed again.
    this.#probed ||= asked?.read ?? 0
  }

  /** A round is not over when all have answered: a repeated SYN-ACK may still arrive for some. */
  readonly #look = async (heldMs: number): Promise<void> => {
    this.#lookedMs = heldMs
    const isLast = heldMs >= (this.#roundBeganMs ?? 0) + roundMs
    this.#isRoundDone ||= heldMs >= (this.#roundBeganMs ?? 0) + fullRoundMs
    if (isLast) this.#roundBeganMs = null
    this.#take(await this.#engine.prove(isLast ? 'end' : 'look'))
  }

  #take(sums: NativeProof | null): void {
    if (sums === null) return
    this.#sums = believed(sums, sums.repeating > 0 ? this.#challenges() : 0)
  }

  /** Looks for the last time, after the hold and before the close. Never throws. */
  async finish(): Promise<void> {
    await this.#step
    await this.#bestEffort.attempt(what, async () => {
      if (this.#roundBeganMs !== null) this.#take(await this.#engine.prove('end'))
      if (this.#by === 'keepalive' || this.#by === 'heartbeat') await this.#judge(this.#by)
    })
    this.#held = this.#engine.counters()
  }

  async #judge(by: 'keepalive' | 'heartbeat'): Promise<void> {
    const { exchange, socketOptions } = this.#scenario
    const periodMs = (by === 'heartbeat' ? exchange?.everyMs : socketOptions.keepaliveMs) ?? 0
    const sums = await this.#engine.prove('judge', { periodMs })
    this.#probed = sums?.read ?? 0
    this.#take(sums)
  }

  /** The evidence so far. */
  get view(): ProofView {
    const { dialedOpen, acceptedOpen, dialedUnknown, dialedDead, exchanges } =
      this.#held ?? this.#engine.counters()
    const ended = dialedUnknown + dialedDead
    const of = dialedOpen + ended
    const view = { ...unproven, of, unknownToPeer: dialedUnknown, gone: dialedDead }
    if (this.#by === 'listener')
      return { ...view, by: this.#by, probed: of, proven: Math.min(dialedOpen, acceptedOpen) }
    if (this.#by === 'exchange')
      return { ...view, by: this.#by, probed: of, proven: Math.min(dialedOpen, exchanges) }
    const { proven = 0, silent = 0, repeating = 0 } = this.#sums ?? {}
    if (proven + silent + repeating + ended === 0 && !this.#isRoundDone) return view
    const probed = this.#by === 'probe' ? this.#probed : this.#probed + ended
    return { ...view, ...this.#sums, by: this.#by, probed }
  }
}

/** What is unavailable when a step fails. */
const what = 'whether connections are alive'

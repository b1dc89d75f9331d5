/** The server of a dial, looked at from beside it where it is in the same network namespace. */
import { type LocalEnd, readListeners, surveyShare, surveySockets } from '../engine/sockets.js'
import { type ListenerFill, ListenerOwners } from './listener_fill.js'
import { mostEnds } from './watch_ends.js'

/** What the listening side knows of the connections dialed. */
export interface ServerView {
  /** Connections that stand for it, those waiting in accept queues included; and how many wait. */
  standing: number
  queued: number
  /** Connections whose handshake it waits to be completed. */
  halfOpen: number
  /** Connections that stood for the client before, and do not for it. */
  missing: number
}

/** What the kernel shows of it. */
export interface ServerSeen {
  listeners: ListenerFill[]
  server: ServerView | null
}

export class ServerObserver {
  /** The latest look. */
  seen: ServerSeen = { listeners: [], server: null }
  readonly #ends: readonly LocalEnd[]
  readonly #standing: () => { open: number; closedByPeer: number }
  readonly #owners = new ListenerOwners()
  #nextSurveyMs = 0

  /**
   * @param ends where the run dials to, as far as that is in this namespace; none: nothing is seen
   * @param standing connections of the run that stand now, and those that its peers have closed until now
   */
  constructor(ends: readonly LocalEnd[], standing: () => { open: number; closedByPeer: number }) {
    this.#ends = ends.length > mostEnds ? [] : ends
    this.#standing = standing
  }

  /**
   * Looks at the accept queues, which takes a tenth of a millisecond.
   * @param counts whether to hold the server's connections against ours as well, which is a walk through all sockets
   * @throws C1mError C1M_SOCK_DIAG_UNAVAILABLE: nothing is seen
   */
  async look(counts: boolean): Promise<void> {
    if (this.#ends.length === 0) return
    const server = counts && performance.now() >= this.#nextSurveyMs ? await this.#count() : this.seen.server
    this.seen = { listeners: await this.#owners.fill(await readListeners(this.#ends)), server }
  }

  /** Ours are read first, and without those that end meanwhile: what is missing then was missing all the time. */
  async #count(): Promise<ServerView> {
    const before = this.#standing()
    const { states, listeners, seconds } = await surveySockets(this.#ends)
    this.#nextSurveyMs = performance.now() + (seconds * 1000) / surveyShare
    const ended = this.#standing().closedByPeer - before.closedByPeer
    const standing = Object.entries(states).reduce(
      (sum, [state, n]) => (stands.has(state) ? sum + n : sum),
      0
    )
    return {
      standing,
      queued: listeners.reduce((sum, { queued }) => sum + queued, 0),
      halfOpen: states.SYN_RECV ?? 0,
      missing: Math.max(0, before.open - ended - standing)
    }
  }
}

/** States of an end that has had the final ACK of its handshake, and is not done with the connection. */
const stands: ReadonlySet<string> = new Set([
  'ESTABLISHED',
  'FIN_WAIT1',
  'FIN_WAIT2',
  'CLOSE_WAIT',
  'CLOSING',
  'LAST_ACK'
])

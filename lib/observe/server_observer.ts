/** The server of a dial, looked at from beside it where it is in the same network namespace. */
import {
  type ListeningSocket,
  type LocalEnd,
  readListeners,
  type SocketSurvey,
  surveyClosely,
  surveyShare
} from '../engine/sockets.js'
import { type ListenerFill, ListenerLooks } from './listener_fill.js'
import { listenersAt } from './listeners_at.js'
import { type ServedPort, ServedPorts } from './served_ports.js'
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
  /** Where the run dials to. */
  listeners: ListenerFill[]
  /** Other listening sockets of this namespace that dropped something since the run began; null: not listed. */
  strangers: ListenerFill[] | null
  server: ServerView | null
  served: readonly ServedPort[]
}

/** What a look is to find out besides the accept queues, which takes a walk through all sockets. */
export interface Closer {
  /** How many of our connections stand for the server as well. */
  counts: boolean
  /** What its process leaves undone on those it has accepted. */
  accepted: boolean
}

export class ServerObserver {
  /** The latest look. */
  seen: ServerSeen = { listeners: [], strangers: null, server: null, served: [] }
  readonly #ends: readonly LocalEnd[]
  readonly #standing: () => { open: number; closedByPeer: number }
  readonly #looks: ListenerLooks
  readonly #served = new ServedPorts()
  #nextSurveyMs = 0

  /**
   * @param ends where the run dials to, as far as that is in this namespace; none: nothing is seen
   * @param standing connections of the run that stand now, and those that its peers have closed until now
   * @param before listening sockets of this namespace before the first connection; null: not known
   */
  constructor(
    ends: readonly LocalEnd[],
    standing: () => { open: number; closedByPeer: number },
    before: readonly ListeningSocket[] | null
  ) {
    this.#ends = ends.length > mostEnds ? [] : ends
    this.#standing = standing
    this.#looks = new ListenerLooks(before)
  }

  /**
   * Looks at the accept queues, which takes a tenth of a millisecond, and closer where it is asked to.
   * @throws C1mError C1M_SOCK_DIAG_UNAVAILABLE: nothing is seen
   */
  async look(closer: Closer): Promise<void> {
    if (this.#ends.length === 0) return
    const isDue = performance.now() >= this.#nextSurveyMs
    const server = closer.counts && isDue ? await this.#count() : this.seen.server
    if (closer.accepted && !closer.counts && isDue) await this.#survey()
    const sockets = await readListeners([])
    const dialed = listenersAt(sockets, this.#ends)
    const found = await this.#looks.look(
      sockets,
      (socket) => dialed.has(socket) || (this.#looks.dropsOf(socket) ?? 0) > 0
    )
    const inodes = new Set([...dialed].map(({ inode }) => inode))
    const listeners = found.filter(({ inode }) => inodes.has(inode))
    this.seen = {
      listeners,
      strangers: found.filter(({ inode }) => !inodes.has(inode)),
      // Without a listener there, the connections were translated to another port, and how many stand is not known.
      server: listeners.length === 0 ? null : server,
      served: this.#served.ports
    }
  }

  async #survey(): Promise<SocketSurvey> {
    const { survey, noticed } = await surveyClosely(this.#ends)
    this.#nextSurveyMs = performance.now() + (survey.seconds * 1000) / surveyShare
    await this.#served.note(survey, noticed, this.#looks)
    return survey
  }

  /** Ours are read first, and without those that end meanwhile: what is missing then was missing all the time. */
  async #count(): Promise<ServerView> {
    const before = this.#standing()
    const { states, listeners } = await this.#survey()
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

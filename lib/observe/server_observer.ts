/** Observes the server of a dial if it is in the same network namespace. */
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

/** The dialed connections as the listening side sees them. */
export interface ServerView {
  /** Connections that are established for the server, including its accept queues; and those in accept queues. */
  standing: number
  queued: number
  /** Connections for which the server waits for the final ACK of the handshake. */
  halfOpen: number
  /** Connections that were open for the client beforehand and are not established for the server. */
  missing: number
}

/** What the kernel shows of the server. */
export interface ServerSeen {
  /** The listening sockets that the run dials. */
  listeners: ListenerFill[]
  /** Other listening sockets of this namespace that have dropped something since the run began; null: not listed. */
  strangers: ListenerFill[] | null
  server: ServerView | null
  served: readonly ServedPort[]
}

/** What a look has to find out besides the accept queues. Each takes a walk through all sockets. */
export interface Closer {
  /** How many of our connections are established for the server, too. */
  counts: boolean
  /** Whether the server's process reads and closes the connections it has accepted. */
  accepted: boolean
}

export class ServerObserver {
  /** Result of the latest look. */
  seen: ServerSeen = { listeners: [], strangers: null, server: null, served: [] }
  readonly #ends: readonly LocalEnd[]
  readonly #standing: () => { open: number; closedByPeer: number }
  readonly #looks: ListenerLooks
  readonly #served = new ServedPorts()
  #nextSurveyMs = 0

  /**
   * @param ends the dialed endpoints in this namespace; none: nothing is observed
   * @param standing connections of the run that are open now, and those that peers have closed so far
   * @param before listening sockets of this namespace before the first connection; null: unknown
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
   * Looks at the accept queues, which takes a tenth of a millisecond, and closer if asked to.
   * @throws C1mError C1M_SOCK_DIAG_UNAVAILABLE: nothing was observed
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
      // Without a listener, the connections were translated to another port, and the server's number of them is unknown.
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

  /** Counts our connections first and subtracts those that end meanwhile, so that `missing` is never too high. */
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

/** States of a socket that has received the final ACK of its handshake and has not finished with the connection. */
const stands: ReadonlySet<string> = new Set([
  'ESTABLISHED',
  'FIN_WAIT1',
  'FIN_WAIT2',
  'CLOSE_WAIT',
  'CLOSING',
  'LAST_ACK'
])

/** Tracks, port by port over several surveys, whether servers read and close the connections they have accepted. */

import type { Noticed, SocketSurvey, UnreadSocket } from '../engine/sockets.js'
import { findHolder, readActivity, readOwner, type SocketOwner } from '../host/socket_owner.js'
import type { ListenerLooks } from './listener_fill.js'

/** The connections of one listening port. */
export interface ServedPort {
  port: number
  /** Accepted connections that are open. */
  accepted: number
  /** Of these, the ones that the peer has closed and the process has not: at the first survey, and now. */
  closeWait: {
    first: number
    now: number
    /** Closed by the peer at least three seconds ago; of these, the ones whose end of stream the process has not read. */
    old: number
    oldUnread: number
  }
  /** Accepted connections whose peer keeps its window closed; and those that retransmit data without an answer. */
  windowClosed: number
  unanswered: number
  /** Accepted connections with unread data of which the process has read nothing for at least three seconds. */
  stalled: Stalled
  /** The same for connections that wait to be accepted. */
  unaccepted: Stalled
  /** A process that owns such connections, or the only one that listens for them; null: not found, or there are none. */
  holder: SocketOwner | null
  /** Whether that process was running at the survey, so that it may still get to what it has not read. */
  holderIsBusy: boolean
}

/** Connections with unread data. */
export interface Stalled {
  sockets: number
  bytes: number
  /** Waiting time of the connection that has waited longest. */
  seconds: number
}

/** Time without a read after which a connection counts as stalled, in seconds. */
const stalledSeconds = 3

/** A connection of which nothing has been read since `sinceMs`. */
interface Still extends UnreadSocket {
  sinceMs: number
}

export class ServedPorts {
  /** As of the latest survey. */
  ports: readonly ServedPort[] = []
  readonly #firstCloseWait = new Map<number, number>()
  #still = new Map<string, Still>()
  readonly #holders = new Map<number, number>()

  /** Adds a survey. */
  async note({ ports, listeners }: SocketSurvey, noticed: Noticed, looks: ListenerLooks): Promise<void> {
    looks.noteWaits(ports)
    const still = this.#noteUnread(noticed.unread, performance.now())
    this.ports = await Promise.all(
      ports.map(async ({ port, accepted: open, closeWait, windowClosed, unanswered }) => {
        if (!this.#firstCloseWait.has(port)) this.#firstCloseWait.set(port, closeWait.sockets)
        const here = still.filter((socket) => socket.port === port)
        const accepted = here.filter(({ inode }) => inode !== 0)
        const held = [...(closeWait.old > 0 ? noticed.oldCloseWait : []), ...here.map(({ inode }) => inode)]
        const sockets = listeners.filter(({ address }) => address.endsWith(`:${port}`))
        const holder = held.length === 0 ? null : await this.#holderOf(port, held, looks.pidsOf(sockets))
        return {
          port,
          accepted: open,
          closeWait: {
            first: this.#firstCloseWait.get(port) ?? 0,
            now: closeWait.sockets,
            old: closeWait.old,
            oldUnread: closeWait.oldUnread
          },
          windowClosed,
          unanswered,
          stalled: stalledOf(accepted),
          unaccepted: stalledOf(here.filter(({ inode }) => inode === 0)),
          holder,
          holderIsBusy: holder !== null && (await readActivity(holder.pid)) === 'busy'
        }
      })
    )
  }

  /** Returns the connections of which surveys have seen nothing read for at least `stalledSeconds`. */
  #noteUnread(unread: readonly UnreadSocket[], nowMs: number): Still[] {
    const before = this.#still
    this.#still = new Map(
      unread.map((socket) => {
        const earlier = before.get(socket.cookie)
        const sinceMs = earlier?.read === socket.read ? earlier.sinceMs : nowMs
        return [socket.cookie, { ...socket, sinceMs }]
      })
    )
    return [...this.#still.values()].filter(({ sinceMs }) => nowMs - sinceMs >= stalledSeconds * 1000)
  }

  /** Reuses the process found before while it is alive: searching the descriptors of a process takes milliseconds. */
  async #holderOf(
    port: number,
    inodes: readonly number[],
    pids: readonly number[]
  ): Promise<SocketOwner | null> {
    const known = this.#holders.get(port)
    const owner = known === undefined ? null : await readOwner(known)
    if (owner) return owner
    const [only, ...others] = pids
    const found = others.length === 0 ? only : await findHolder(new Set(inodes), pids)
    if (found === undefined || found === null) return null
    this.#holders.set(port, found)
    return readOwner(found)
  }
}

function stalledOf(still: readonly Still[]): Stalled {
  const oldest = Math.min(...still.map(({ sinceMs }) => sinceMs))
  return {
    sockets: still.length,
    bytes: still.reduce((sum, { bytes }) => sum + bytes, 0),
    seconds: still.length === 0 ? 0 : Number(((performance.now() - oldest) / 1000).toFixed(1))
  }
}

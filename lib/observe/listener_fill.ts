/** The listening sockets over repeated looks, as the checks need them, and the processes that own them. */
import type { ListeningSocket, PortSockets } from '../engine/sockets.js'
import { findOwners, readActivity, readOwner, type SocketOwner } from '../host/socket_owner.js'

/** A listening socket in this namespace, as sock_diag shows it. */
export interface ListenerFill {
  /** `address:port`. */
  address: string
  /** Inode of the socket: distinguishes sockets with the same address and port. */
  inode: number
  /** Connections waiting to be accepted (idiag_rqueue), and the backlog (idiag_wqueue). The queue holds backlog + 1. */
  queued: number
  backlog: number
  /** Largest `queued` of all looks so far. */
  mostQueued: number
  /** SYNs and final ACKs that this socket dropped since the first look (sk_drops); null if unknown. */
  dropped: number | null
  /**
   * Seconds for which a connection has waited to be accepted while every look found the owning processes asleep, waiting
   * for other events, with descriptors to spare: they have stopped accepting on purpose. 0 if they have not, or if that
   * cannot be determined.
   */
  ignoredSeconds: number
  /** The owning process that is closest to its soft RLIMIT_NOFILE, with its open files; null if none was found. */
  process: SocketOwner | null
  /** Number of owning processes that were found. */
  processes: number
}

/** Whether the accept queue is full: sk_acceptq_is_full in include/net/sock.h. */
export function isFull({ queued, backlog }: Pick<ListenerFill, 'queued' | 'backlog'>): boolean {
  return queued > backlog
}

/** A process with at most this many free descriptors may already fail to accept connections. */
const nearlyAll = 2

/** Whether a process has no descriptor left to accept with. */
export function isExhausted({ openFiles, nofileSoft }: SocketOwner): boolean {
  return openFiles >= nofileSoft - nearlyAll
}

export function portOf({ address }: Pick<ListenerFill, 'address'>): number {
  return Number(address.slice(address.lastIndexOf(':') + 1))
}

/** Interval between searches for the owners of a socket with waiting connections: worker processes start and exit. */
const searchEveryMs = 2000

interface Watched {
  /** Drops of the socket at the first look. */
  dropsBefore: number | null
  mostQueued: number
  /** Since when every look has found the socket ignored, in `performance.now()` milliseconds; null: it is not ignored. */
  ignoredSinceMs: number | null
  pids: readonly number[]
  /** When the owners were last searched; 0: never. */
  searchedMs: number
}

/** Combines what repeated looks show of each listening socket. */
export class ListenerLooks {
  #watched = new Map<number, Watched>()
  /** By port: since when, at the latest, a connection has waited to be accepted, and the time of that survey. */
  #waits = new Map<number, { sinceMs: number; seenMs: number }>()
  /** At the first look, earlier drops of a socket do not count. A socket that appears later counts from zero. */
  #isFirst: boolean

  /** @param before the sockets when counting of drops began; default: at the first look */
  constructor(before: readonly ListeningSocket[] | null = null) {
    this.#isFirst = before === null
    for (const { inode, drops } of before ?? []) this.#watched.set(inode, seenFirst(drops))
  }

  /**
   * Adds a look at all listening sockets, and finds the owners of those that are wanted. Their queue may be empty: a process
   * may empty it by closing the connections.
   */
  async look(
    sockets: readonly ListeningSocket[],
    isWanted: (socket: ListeningSocket) => boolean = () => true
  ): Promise<ListenerFill[]> {
    this.#note(sockets)
    const wanted = sockets.filter(isWanted)
    await this.#findOwners(wanted)
    const pids = new Set(this.pidsOf(wanted))
    const owners = new Map(
      await Promise.all([...pids].map(async (pid) => [pid, await readOwner(pid)] as const))
    )
    return Promise.all(
      wanted.map((socket) =>
        this.#fillOf(
          socket,
          this.#of(socket).pids.flatMap((pid) => owners.get(pid) ?? [])
        )
      )
    )
  }

  /** Adds a survey: the queue length alone does not show whether the same connections are still waiting. */
  noteWaits(ports: readonly PortSockets[]): void {
    const seenMs = performance.now()
    const waiting = ports.filter(({ longestWaitSeconds }) => longestWaitSeconds > 0)
    this.#waits = new Map(
      waiting.map(({ port, longestWaitSeconds }) => [
        port,
        { seenMs, sinceMs: seenMs - longestWaitSeconds * 1000 }
      ])
    )
  }

  /** SYNs and final ACKs this socket has dropped so far; null if unknown. */
  dropsOf({ inode, drops }: Pick<ListeningSocket, 'inode' | 'drops'>): number | null {
    const before = this.#watched.get(inode)?.dropsBefore ?? null
    // The kernel's counter has 32 bits and wraps.
    return drops === null || before === null ? null : (drops - before + 2 ** 32) % 2 ** 32
  }

  /** The processes that were found to own these sockets. */
  pidsOf(sockets: readonly Pick<ListeningSocket, 'inode'>[]): number[] {
    return [...new Set(sockets.flatMap(({ inode }) => this.#watched.get(inode)?.pids ?? []))]
  }

  async #fillOf(listener: ListeningSocket, owners: readonly SocketOwner[]): Promise<ListenerFill> {
    const watched = this.#of(listener)
    const { address, inode, queued, backlog } = listener
    if (!(await isIgnored(listener, owners))) watched.ignoredSinceMs = null
    else watched.ignoredSinceMs ??= performance.now()
    const { ignoredSinceMs, mostQueued } = watched
    const wait = this.#waits.get(portOf(listener))
    // A survey before that moment may have seen another connection waiting.
    const isSame = wait && ignoredSinceMs !== null && wait.seenMs >= ignoredSinceMs
    const sinceMs = isSame ? Math.max(ignoredSinceMs, wait.sinceMs) : performance.now()
    const ignoredSeconds = (performance.now() - sinceMs) / 1000
    const process = owners.toSorted((a, b) => share(b) - share(a))[0] ?? null
    const dropped = this.dropsOf(listener)
    return {
      address,
      inode,
      queued,
      backlog,
      mostQueued,
      dropped,
      ignoredSeconds: Number(ignoredSeconds.toFixed(1)),
      process,
      processes: owners.length
    }
  }

  #of({ inode }: ListeningSocket): Watched {
    return this.#watched.get(inode) ?? seenFirst(null)
  }

  #note(sockets: readonly ListeningSocket[]): void {
    const present = new Map<number, Watched>()
    for (const { inode, drops, queued } of sockets) {
      const watched = this.#watched.get(inode) ?? seenFirst(this.#isFirst ? drops : 0)
      watched.mostQueued = Math.max(watched.mostQueued, queued)
      present.set(inode, watched)
    }
    this.#watched = present
    this.#isFirst = false
  }

  async #findOwners(listeners: readonly ListeningSocket[]): Promise<void> {
    const now = performance.now()
    const unknown = listeners.filter((listener) => {
      const { searchedMs } = this.#of(listener)
      return searchedMs === 0 || (listener.queued > 0 && now - searchedMs > searchEveryMs)
    })
    if (unknown.length === 0) return
    const found = await findOwners(new Set(unknown.map(({ inode }) => inode)))
    for (const listener of unknown) {
      const watched = this.#of(listener)
      watched.pids = found.get(listener.inode) ?? []
      watched.searchedMs = performance.now()
    }
  }
}

function seenFirst(dropsBefore: number | null): Watched {
  return { dropsBefore, mostQueued: 0, ignoredSinceMs: null, pids: [], searchedMs: 0 }
}

const share = ({ openFiles, nofileSoft }: SocketOwner) => openFiles / nofileSoft

/** Whether connections wait while every owner sleeps, and at least one of them waits for events of other sockets. */
async function isIgnored(
  { queued }: Pick<ListeningSocket, 'queued'>,
  owners: readonly SocketOwner[]
): Promise<boolean> {
  if (queued === 0 || owners.some((owner) => owner.stopped || isExhausted(owner))) return false
  const activities = await Promise.all(owners.map(({ pid }) => readActivity(pid)))
  return activities.includes('events') && activities.every((activity) => activity !== 'busy')
}

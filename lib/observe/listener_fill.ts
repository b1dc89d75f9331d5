/** Listening sockets as checks look at them: what became of each since the first look, and the processes behind. */
import type { ListeningSocket, PortSockets } from '../engine/sockets.js'
import { findOwners, readActivity, readOwner, type SocketOwner } from '../host/socket_owner.js'

/** A listening socket in this namespace, as sock_diag shows it. */
export interface ListenerFill {
  /** `address:port`. */
  address: string
  /** Of the socket: tells those that share an address and a port apart. */
  inode: number
  /** Connections waiting to be accepted (idiag_rqueue), and the backlog (idiag_wqueue): one more than it fits. */
  queued: number
  backlog: number
  /** Most seen waiting in a look so far. */
  mostQueued: number
  /** SYNs and final ACKs that this socket dropped since the first look (sk_drops); null where that is not known. */
  dropped: number | null
  /**
   * For how many seconds a connection has waited to be accepted while each look found its processes asleep, waiting for
   * other events, with descriptors to spare: they have stopped to accept on purpose. 0 when they have not, and when that is
   * not to be told.
   */
  ignoredSeconds: number
  /** Of its processes the one that is nearest to its soft RLIMIT_NOFILE, with its open files; null: none was found. */
  process: SocketOwner | null
  /** How many processes share it, as far as they were found. */
  processes: number
}

/** Whether the accept queue takes no more connections: sk_acceptq_is_full in include/net/sock.h. */
export function isFull({ queued, backlog }: Pick<ListenerFill, 'queued' | 'backlog'>): boolean {
  return queued > backlog
}

/** Descriptors a process may have left when accept(2) already fails: a listener raises them in steps at best. */
const nearlyAll = 2

/** Whether a process has no descriptor left to accept with. */
export function isExhausted({ openFiles, nofileSoft }: SocketOwner): boolean {
  return openFiles >= nofileSoft - nearlyAll
}

/** The port of a listener. */
export function portOf({ address }: Pick<ListenerFill, 'address'>): number {
  return Number(address.slice(address.lastIndexOf(':') + 1))
}

/** How often the processes of a socket are looked for again while connections wait in it: workers come and go. */
const searchEveryMs = 2000

interface Watched {
  /** Its drops at the first look. */
  dropsBefore: number | null
  mostQueued: number
  /** Since when each look has found it ignored, as `performance.now()` counts; null: it is not. */
  ignoredSinceMs: number | null
  pids: readonly number[]
  /** When they were last looked for. */
  searchedMs: number
}

/** What was seen of each listening socket, look by look. */
export class ListenerLooks {
  #watched = new Map<number, Watched>()
  /** By port: since when, at the latest, a connection had waited to be accepted at a survey, and when that was. */
  #waits = new Map<number, { sinceMs: number; seenMs: number }>()
  /** Whether a socket that was not there before may have dropped something before that counts. */
  #isFirst: boolean

  /** @param before the sockets at the moment from which drops are counted; default: at the first look */
  constructor(before: readonly ListeningSocket[] | null = null) {
    this.#isFirst = before === null
    for (const { inode, drops } of before ?? []) this.#watched.set(inode, seenFirst(drops))
  }

  /**
   * Adds a look at all listening sockets, and finds the processes of those that are wanted: an empty queue may be one that
   * is emptied by closing.
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

  /** Adds a survey: the queue alone does not tell whether it is the same connections that wait. */
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

  /** SYNs and final ACKs this socket dropped until now; null when that is not known. */
  dropsOf({ inode, drops }: Pick<ListeningSocket, 'inode' | 'drops'>): number | null {
    const before = this.#watched.get(inode)?.dropsBefore ?? null
    // The counter has 32 bits.
    return drops === null || before === null ? null : (drops - before + 2 ** 32) % 2 ** 32
  }

  /** The processes that share these sockets, as far as they were found. */
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
    // Before, another connection may have waited.
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

/** Whether connections wait while each of its processes sleeps, and one at least waits for events of other sockets. */
async function isIgnored(
  { queued }: Pick<ListeningSocket, 'queued'>,
  owners: readonly SocketOwner[]
): Promise<boolean> {
  if (queued === 0 || owners.some((owner) => owner.stopped || isExhausted(owner))) return false
  const activities = await Promise.all(owners.map(({ pid }) => readActivity(pid)))
  return activities.includes('events') && activities.every((activity) => activity !== 'busy')
}

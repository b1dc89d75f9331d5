/** Listening sockets as checks look at them: with the process behind. */
import type { ListeningSocket } from '../engine/sockets.js'
import { findOwners, readOwner } from '../host/socket_owner.js'

/** A listening socket in this namespace, as sock_diag shows it. */
export interface ListenerFill {
  /** `address:port`. */
  address: string
  /** Connections waiting to be accepted (idiag_rqueue), and the backlog (idiag_wqueue): one more than it fits. */
  queued: number
  backlog: number
  /** Its process, when it could be found, with its open files and soft RLIMIT_NOFILE. */
  process: { pid: number; name: string; openFiles: number; nofileSoft: number } | null
}

/** Whether the accept queue takes no more connections: sk_acceptq_is_full in include/net/sock.h. */
export function isFull({ queued, backlog }: Pick<ListenerFill, 'queued' | 'backlog'>): boolean {
  return queued > backlog
}

/** Knows which process a listening socket belongs to, once it was looked for. */
export class ListenerOwners {
  /** Process by inode; null: looked for in vain. */
  readonly #pids = new Map<number, number | null>()

  /** Looks for the process of each listener, once; a queue that is empty may be so because all is closed at once. */
  async fill(listeners: readonly ListeningSocket[]): Promise<ListenerFill[]> {
    const unknown = listeners.filter(({ inode }) => !this.#pids.has(inode))
    if (unknown.length > 0) {
      const found = await findOwners(new Set(unknown.map(({ inode }) => inode)))
      for (const { inode } of unknown) this.#pids.set(inode, found.get(inode) ?? null)
    }
    const pids = new Set(listeners.flatMap(({ inode }) => this.#pids.get(inode) ?? []))
    const owners = new Map(
      await Promise.all([...pids].map(async (pid) => [pid, await readOwner(pid)] as const))
    )
    return listeners.map(({ address, queued, backlog, inode }) => ({
      address,
      queued,
      backlog,
      process: owners.get(this.#pids.get(inode) ?? 0) ?? null
    }))
  }
}

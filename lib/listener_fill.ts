/** Listening sockets as checks look at them: with the process behind. */
import type { ListenerFill, ServerView } from './checks/index.js'
import { findOwners, readOwner } from './host/socket_owner.js'
import { type ListeningSocket, type LocalEnd, type SocketSurvey, surveySockets } from './sockets.js'

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

/**
 * What the listening side, in this network namespace, knows of the connections to `ends`: for
 * `ExplainContext.listeners` and `server`. A walk through all sockets of the kernel.
 * @throws C1mError C1M_SOCK_DIAG_UNAVAILABLE
 */
export async function observeServer(
  ends: readonly LocalEnd[]
): Promise<{ listeners: ListenerFill[]; server: ServerView; survey: SocketSurvey }> {
  const survey = await surveySockets(ends)
  const listeners = await new ListenerOwners().fill(survey.listeners)
  const queued = listeners.reduce((sum, listener) => sum + listener.queued, 0)
  // What waits to be accepted is established already.
  const { ESTABLISHED: established = 0 } = survey.states
  return { listeners, server: { accepted: Math.max(0, established - queued), queued }, survey }
}

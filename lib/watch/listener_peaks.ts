/** The accept queues over a watch: the longest each has been, and how often it was full. */
import { isFull, type ListenerFill } from '../observe/listener_fill.js'
import type { ListenerPeak } from './watch_result.js'

export class ListenerPeaks {
  readonly #peaks = new Map<string, ListenerPeak>()

  /** Adds a look. Sockets that share an address and a port count as one listener. */
  note(listeners: readonly ListenerFill[]): void {
    const byAddress = new Map<string, ListenerFill[]>()
    for (const listener of listeners)
      byAddress.set(listener.address, [...(byAddress.get(listener.address) ?? []), listener])
    for (const [address, sockets] of byAddress) {
      const peak = this.#peaks.get(address)
      this.#peaks.set(address, {
        address,
        sockets: sockets.length,
        backlog: sockets[0]?.backlog ?? 0,
        mostQueued: Math.max(peak?.mostQueued ?? 0, ...sockets.map(({ queued }) => queued)),
        timesFull: (peak?.timesFull ?? 0) + (sockets.some(isFull) ? 1 : 0),
        dropped: droppedBy(sockets, peak)
      })
    }
  }

  /** All listeners seen so far. */
  all(): ListenerPeak[] {
    return [...this.#peaks.values()]
  }
}

/** Keeps the larger number: a server that has restarted has new sockets, whose count begins at 0. */
function droppedBy(sockets: readonly ListenerFill[], peak: ListenerPeak | undefined): number | null {
  if (sockets.some(({ dropped }) => dropped === null)) return peak?.dropped ?? null
  const now = sockets.reduce((sum, { dropped }) => sum + (dropped ?? 0), 0)
  return Math.max(peak?.dropped ?? 0, now)
}

/** `listen`: accepts connections and holds them until the caller closes it. */
import { checkOptions } from '../base/check_options.js'
import { aborted, newEnd, sampled } from '../base/pace.js'
import { version } from '../base/version.js'
import { Engine, type ErrorTally } from '../engine/engine.js'
import { readHostFacts } from '../host/facts.js'
import { type ResultHost, resultHost } from '../host/result_host.js'
import type { ListenOptions } from '../scenario/options.js'
import { listenChecks, type SnapshotOptions, snapshotPeriodMs } from '../scenario/options.js'
import { resolveListen } from '../scenario/scenario.js'
import { nativeSocketOptions } from '../scenario/socket_options.js'
import { tableLimits } from '../scenario/tables.js'

/** A listener at one moment. */
export interface ListenSnapshot {
  /** Seconds since the listener started. */
  tSeconds: number
  /** Connections accepted so far. */
  accepted: number
  /** Connections open now. */
  open: number
  /** Connections that the peer has closed or reset so far. */
  closedByPeer: number
  /** Bytes read, and bytes sent back, so far. */
  bytesReceived: number
  bytesSent: number
  /** Connections accepted per second since the previous snapshot. */
  acceptsPerSecond: number
  /** Accepts that have failed so far. */
  failed: number
}

/** Result of a listener. */
export interface ListenResult {
  /** Name and version of the shape of this result. */
  schema: 'c1m-native/listen-result@1'
  /** Version of c1m-native that wrote this result. */
  version: string
  /** Time at which the listener started, ISO 8601 in UTC. */
  startedAt: string
  host: ResultHost
  /** Connections accepted. */
  accepted: number
  /** Largest number of connections open at one moment, counted at every accept and close. */
  peak: number
  /** Connections that the peer ended before this side did. */
  closedByPeer: number
  /** Bytes read, and bytes sent back. */
  bytesReceived: number
  bytesSent: number
  /** Failures by phase and code, most frequent first; empty for a healthy listener. */
  errors: ErrorTally[]
  /** Seconds from the start to the last close. */
  totalSeconds: number
  /** User and system time of this process, number of accepting threads, and their descriptor tables. */
  process: { cpuSeconds: number; workers: number; tables: number; privateTables: boolean }
}

/** A running listener. Disposing of it (`await using`) closes it. */
export interface ListenServer extends AsyncDisposable {
  /** Addresses of the listener, `address:port`, with the ports that the kernel chose. They can be dialed at once. */
  readonly targets: readonly string[]
  /** Resolves once {@link close}, the signal or disposal has closed the listener and all its connections. */
  readonly result: Promise<ListenResult>
  /**
   * Yields a snapshot of the listener every `everyMs` (default 250, at least 1) until it is closed.
   * @throws C1mError C1M_OPTION_INVALID, at the call
   */
  snapshots(options?: SnapshotOptions): AsyncIterableIterator<ListenSnapshot>
  /** Stops listening, closes every connection and returns {@link result}. May be called any number of times. */
  close(): Promise<ListenResult>
}

/**
 * Listens and accepts in native threads; resolves once every socket is listening.
 * @throws C1mError C1M_LISTEN_FAILED, C1M_RUN_FAILED, C1M_OPTION_INVALID, C1M_TARGET_INVALID, C1M_TARGET_UNRESOLVED; the
 * reason of a signal that is already aborted
 */
export async function listen(options: ListenOptions = {}): Promise<ListenServer> {
  const checked = checkOptions('listen', options, listenChecks)
  const { signal } = checked
  signal?.throwIfAborted()
  const { workers, socketOptions, kind, maxTables, ...listen } = await resolveListen(checked)
  signal?.throwIfAborted()
  const engine = new Engine({
    ...tableLimits,
    workers,
    listen: { ...listen, socketOptions: nativeSocketOptions(socketOptions) }
  })
  engine.start()
  return new Listener(engine, workers, signal)
}

class Listener implements ListenServer {
  readonly targets: readonly string[]
  readonly result: Promise<ListenResult>
  readonly #engine: Engine
  readonly #workers: number
  readonly #startedAt = new Date().toISOString()
  readonly #startedMs = performance.now()
  readonly #cpu = process.cpuUsage()
  readonly #closing = newEnd()
  readonly #over = newEnd()

  constructor(engine: Engine, workers: number, signal?: AbortSignal) {
    this.#engine = engine
    this.#workers = workers
    this.targets = [...engine.listening]
    this.result = this.#untilClosed(signal)
    // close() returns the same promise and reports the error.
    this.result.catch(() => {})
  }

  snapshots(options?: SnapshotOptions): AsyncGenerator<ListenSnapshot> {
    let last = { seconds: 0, accepted: 0 }
    return sampled(snapshotPeriodMs(options), this.#over.signal, () => {
      const seconds = this.#seconds()
      const snapshot = this.#snapshot(seconds, last)
      last = { seconds, accepted: snapshot.accepted }
      return snapshot
    })
  }

  close(): Promise<ListenResult> {
    this.#closing.abort()
    return this.result
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  /** @param last the previous snapshot, from which the rate is computed */
  #snapshot(seconds: number, last: { seconds: number; accepted: number }): ListenSnapshot {
    const counters = this.#engine.counters()
    const passed = seconds - last.seconds
    return {
      tSeconds: Number(seconds.toFixed(3)),
      accepted: counters.accepted,
      open: counters.acceptedOpen,
      closedByPeer: counters.acceptedClosedByPeer,
      bytesReceived: counters.acceptedBytesReceived,
      bytesSent: counters.acceptedBytesSent,
      acceptsPerSecond: passed > 0 ? Math.round((counters.accepted - last.accepted) / passed) : 0,
      failed: this.#failed()
    }
  }

  async #untilClosed(signal: AbortSignal | undefined): Promise<ListenResult> {
    const abort = () => this.#closing.abort()
    signal?.addEventListener('abort', abort, { once: true })
    await aborted(this.#closing.signal)
    signal?.removeEventListener('abort', abort)
    this.#engine.close()
    await this.#engine.closed
    // Read only now, because workers accept until they have noticed the close.
    const counters = this.#engine.counters()
    const cpu = process.cpuUsage(this.#cpu)
    const { acceptedPeak, tables, privateTables } = this.#engine.status()
    this.#over.abort()
    return {
      schema: 'c1m-native/listen-result@1',
      version,
      startedAt: this.#startedAt,
      host: resultHost(readHostFacts()),
      accepted: counters.accepted,
      peak: acceptedPeak,
      closedByPeer: counters.acceptedClosedByPeer,
      bytesReceived: counters.acceptedBytesReceived,
      bytesSent: counters.acceptedBytesSent,
      errors: this.#engine.errors(),
      totalSeconds: this.#seconds(),
      process: {
        cpuSeconds: (cpu.user + cpu.system) / 1e6,
        workers: this.#workers,
        tables,
        privateTables
      }
    }
  }

  #failed(): number {
    return this.#engine.errors().reduce((sum, { count }) => sum + count, 0)
  }

  #seconds(): number {
    return (performance.now() - this.#startedMs) / 1000
  }
}

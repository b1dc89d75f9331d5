/** `listen`: accepts connections and holds them, for as long as the caller likes. */
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
  /** Seconds since it began to listen. */
  tSeconds: number
  /** Connections accepted so far. */
  accepted: number
  /** Connections open now. */
  open: number
  /** Connections the peer has ended, so far. */
  closedByPeer: number
  /** Bytes read, and bytes sent back, so far. */
  bytesReceived: number
  bytesSent: number
  /** Connections accepted per second since the snapshot before. */
  acceptsPerSecond: number
  /** Accepts that failed, so far. */
  failed: number
}

/** What a listener leaves behind. */
export interface ListenResult {
  /** Name and version of this shape. */
  schema: 'c1m-native/listen-result@1'
  /** Version of c1m-native that made this result. */
  version: string
  /** When it began to listen, ISO 8601 in UTC. */
  startedAt: string
  host: ResultHost
  /** Connections accepted. */
  accepted: number
  /** Most connections open at one moment, counted where each is accepted and closed. */
  peak: number
  /** Connections the peer ended before this side did. */
  closedByPeer: number
  /** Bytes read, and bytes sent back. */
  bytesReceived: number
  bytesSent: number
  /** Failures by phase and code, most frequent first; empty for a healthy listener. */
  errors: ErrorTally[]
  /** From the beginning to the last close. */
  totalSeconds: number
  /** User and system time of this process, threads that accepted, and the descriptor tables they used. */
  process: { cpuSeconds: number; workers: number; tables: number; privateTables: boolean }
}

/** A listener at work. Disposing of it (`await using`) closes it. */
export interface ListenServer extends AsyncDisposable {
  /** Where it listens, `address:port`, with the ports the kernel chose; ready to be dialed. */
  readonly targets: readonly string[]
  /** Resolves once the listener is closed, by {@link close}, its signal or disposal, and so are its connections. */
  readonly result: Promise<ListenResult>
  /**
   * Looks at the listener every `everyMs` (default 250, at least 1) until it is closed.
   * @throws C1mError C1M_OPTION_INVALID, at the call
   */
  snapshots(options?: SnapshotOptions): AsyncIterableIterator<ListenSnapshot>
  /** Stops listening, closes every connection and gives {@link result}. May be called any number of times. */
  close(): Promise<ListenResult>
}

/**
 * Listens and accepts in native threads; resolves once every socket listens.
 * @throws C1mError C1M_LISTEN_FAILED, C1M_OPTION_INVALID, C1M_TARGET_INVALID, C1M_TARGET_UNRESOLVED; the signal's reason
 * where that is aborted already
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
    // close() hands the same promise to its caller, who hears of an error there.
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

  /** @param last the snapshot before, which the rate is counted from */
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
    // Only now: until every worker has noticed, it goes on accepting.
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

/** `watch`: observes a server on this host through the kernel. Sends nothing. */
import { BestEffort } from '../base/best_effort.js'
import { abortSignal, flag, texts, whole } from '../base/check_option.js'
import { checkOptions, type OptionChecks } from '../base/check_options.js'
import { aborted, delay, newEnd } from '../base/pace.js'
import { version } from '../base/version.js'
import { noEndings } from '../checks/context.js'
import { LastingFindings } from '../checks/index.js'
import {
  type LocalEnd,
  readListeners,
  type SocketSurvey,
  surveyClosely,
  surveyShare
} from '../engine/sockets.js'
import type { Counters } from '../host/counter_files.js'
import { type HostFacts, readHostFacts } from '../host/facts.js'
import { resultHost } from '../host/result_host.js'
import { DropCounter } from '../observe/drops.js'
import { type ListenerFill, ListenerLooks } from '../observe/listener_fill.js'
import { PortObserver } from '../observe/port_use.js'
import { ServedPorts } from '../observe/served_ports.js'
import { formatEnd, resolveEnds } from '../observe/watch_ends.js'
import type { Finding } from '../result/finding.js'
import { conntrackFill } from './conntrack_fill.js'
import { CounterHistory } from './counter_history.js'
import { ListenerPeaks } from './listener_peaks.js'
import { WATCH_SCHEMA, type WatchResult, type WatchSnapshot, type WatchView } from './watch_result.js'

/** Options of `watch`. */
export interface WatchOptions {
  /** Where the server listens: `address:port` or `address:port-port`. Without targets and ports: every socket here. */
  targets?: readonly string[]
  /** Ports of the server at any address: `443` or `8100-8119`. */
  ports?: readonly string[]
  /** Interval between looks, in milliseconds. At least 10, default 1,000. */
  everyMs?: number
  /** Count dropped packets by reason and call chain, which needs root. Default false. */
  drops?: boolean
  /** Closes the watch. */
  signal?: AbortSignal
}

const watchChecks: OptionChecks<WatchOptions> = {
  targets: texts,
  ports: texts,
  everyMs: whole(10),
  drops: flag,
  signal: abortSignal
}

/** A running watch. Disposing of it (`await using`) closes it. */
export interface Watch extends AsyncDisposable {
  /** What is watched, as `address:port` or `*:port`; empty: every socket of this network namespace. */
  readonly targets: readonly string[]
  /** Resolves once the watch is closed by {@link close}, its signal or disposal; rejects if the watch fails. */
  readonly result: Promise<WatchResult>
  /** Yields each look at the server from now on, one every `everyMs` of the options, until the watch is closed. */
  snapshots(): AsyncIterableIterator<WatchSnapshot>
  /** Takes a last look, ends the watch and returns {@link result}. May be called any number of times. */
  close(): Promise<WatchResult>
}

/**
 * Begins to watch. If the kernel does not provide something here, `unavailable` says so, and the watch continues.
 * @throws C1mError C1M_TARGET_INVALID, C1M_TARGET_UNRESOLVED, C1M_OPTION_INVALID; the reason of a signal that is aborted
 */
export async function watch(options: WatchOptions = {}): Promise<Watch> {
  const checked = checkOptions('watch', options, watchChecks)
  const { targets = [], ports = [], everyMs = 1000, drops = false, signal } = checked
  signal?.throwIfAborted()
  const ends = await resolveEnds(targets, ports)
  signal?.throwIfAborted()
  return new Watcher(ends, everyMs, drops, signal)
}

class Watcher implements Watch {
  readonly targets: readonly string[]
  readonly result: Promise<WatchResult>
  readonly #ends: readonly LocalEnd[]
  readonly #everyMs: number
  readonly #startedAt = new Date().toISOString()
  readonly #startedMs = performance.now()
  readonly #facts: HostFacts
  readonly #history: CounterHistory
  readonly #closing = newEnd()
  readonly #looks = new ListenerLooks()
  readonly #served = new ServedPorts()
  readonly #peaks = new ListenerPeaks()
  readonly #ports = new PortObserver()
  readonly #lasting = new LastingFindings()
  readonly #bestEffort = new BestEffort()
  readonly #drops: DropCounter | null
  #sockets: SocketSurvey | null = null
  #halfOpenPeak: number | null = null
  #surveyedMs = 0
  #surveying: Promise<void> | undefined
  #hasSockDiag = true
  #latest: WatchSnapshot | undefined
  /** All findings since the watch began. */
  #findings: Finding[] = []
  /** Aborted at each look, to wake snapshots(). */
  #looked = newEnd()
  #over = false

  constructor(ends: readonly LocalEnd[], everyMs: number, drops: boolean, signal?: AbortSignal) {
    this.targets = ends.map(formatEnd)
    this.#ends = ends
    this.#everyMs = everyMs
    this.#facts = readHostFacts()
    this.#drops = drops ? this.#countDrops() : null
    this.#history = new CounterHistory()
    this.result = this.#untilClosed(signal)
    // close() returns the same promise and reports the error.
    this.result.catch(() => {})
  }

  async *snapshots(): AsyncGenerator<WatchSnapshot> {
    let seen: WatchSnapshot | undefined
    while (true) {
      const looked = this.#looked.signal
      if (this.#latest && this.#latest !== seen) {
        seen = this.#latest
        yield seen
      } else if (this.#over) {
        return
      } else {
        await aborted(looked)
      }
    }
  }

  close(): Promise<WatchResult> {
    this.#closing.abort()
    return this.result
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #untilClosed(signal: AbortSignal | undefined): Promise<WatchResult> {
    const abort = () => this.#closing.abort()
    signal?.addEventListener('abort', abort, { once: true })
    try {
      await this.#lookOnAndOn()
      await this.#surveying
      await this.#ports.settled()
      return {
        schema: WATCH_SCHEMA,
        version,
        startedAt: this.#startedAt,
        host: resultHost(this.#facts),
        watched: [...this.targets],
        totalSeconds: this.#seconds(),
        counters: this.#history.changes,
        listeners: this.#peaks.all(),
        ...this.#view(readHostFacts())
      }
    } finally {
      signal?.removeEventListener('abort', abort)
      this.#drops?.stop()
    }
  }

  /** Looks once per period, and once more at the end. */
  async #lookOnAndOn(): Promise<void> {
    const { signal } = this.#closing
    try {
      for (let dueMs = this.#startedMs; !signal.aborted; ) {
        await this.#look()
        dueMs = Math.max(dueMs + this.#everyMs, performance.now())
        await delay(dueMs - performance.now(), signal)
      }
      await this.#look()
    } finally {
      this.#over = true
      this.#looked.abort()
    }
  }

  async #look(): Promise<void> {
    const tSeconds = this.#seconds()
    const facts = readHostFacts()
    const counters = this.#history.read(tSeconds)
    this.#ports.look(facts.ports, counters)
    // Reads the queues after the counters: a queue that moved a counter is usually still full.
    const listeners = (await this.#bestEffort.attempt('the accept queues', () => this.#lookAtSockets())) ?? []
    this.#judge(facts, counters, listeners)
    this.#latest = {
      tSeconds: Number(tSeconds.toFixed(3)),
      counters: this.#history.rates,
      listeners,
      socketsAgeSeconds: this.#sockets && Number(((performance.now() - this.#surveyedMs) / 1000).toFixed(1)),
      ...this.#view(facts)
    }
    this.#looked.abort()
    this.#looked = newEnd()
  }

  /** Reads the queues now. Surveys all sockets as often as `surveyShare` allows, and waits for the first survey. */
  async #lookAtSockets(): Promise<ListenerFill[]> {
    const sinceMs = performance.now() - this.#surveyedMs
    const tookMs = (this.#sockets?.seconds ?? 0) * 1000
    if (!this.#surveying && sinceMs * surveyShare >= tookMs) this.#surveying = this.#survey()
    if (this.#sockets === null) await this.#surveying
    const listeners = await this.#asked(() => readListeners(this.#ends))
    const filled = await this.#looks.look(listeners ?? [])
    this.#peaks.note(filled)
    return filled
  }

  async #survey(): Promise<void> {
    const seen = await this.#asked(() => surveyClosely(this.#ends))
    if (seen) {
      this.#sockets = seen.survey
      await this.#served.note(seen.survey, seen.noticed, this.#looks)
      const halfOpen = seen.survey.ports.map(({ states }) => states.SYN_RECV ?? 0)
      this.#halfOpenPeak = Math.max(this.#halfOpenPeak ?? 0, ...halfOpen)
    }
    this.#surveyedMs = performance.now()
    this.#surveying = undefined
  }

  /** The answer of sock_diag; null if it is unavailable, which is noted once. */
  async #asked<T>(ask: () => Promise<T>): Promise<T | null> {
    if (!this.#hasSockDiag) return null
    try {
      return await ask()
    } catch (error) {
      if (this.#hasSockDiag) this.#bestEffort.note(error)
      this.#hasSockDiag = false
      return null
    }
  }

  #judge(facts: HostFacts, counters: Counters, listeners: readonly ListenerFill[]): void {
    const context = {
      facts: { before: this.#facts, after: facts },
      counters,
      deltas: this.#history.changes,
      ramp: this.#history.changes,
      closing: {},
      recent: this.#history.recent,
      run: null,
      scenario: null,
      needs: null,
      peerIsHere: true,
      downDevice: null,
      listeners,
      strangers: this.#hasSockDiag ? [] : null,
      served: this.#served.ports,
      server: null,
      census: null,
      proof: null,
      survey: this.#sockets,
      fullPorts: this.#ports.full,
      halfOpenPeak: this.#halfOpenPeak,
      drops: this.#drops?.read() ?? null,
      endings: noEndings,
      latencies: [],
      rejections: null
    }
    this.#findings = this.#lasting.explain(context, (id, error) =>
      this.#bestEffort.note(error, `the check for ${id}`)
    )
  }

  #view(facts: HostFacts): WatchView {
    return {
      sockets: this.#sockets,
      conntrack: conntrackFill(facts, this.#history.changes),
      drops: this.#drops?.read() ?? null,
      unavailable: [...this.#bestEffort.unavailable],
      findings: [...this.#findings]
    }
  }

  #countDrops(): DropCounter | null {
    try {
      return new DropCounter(this.#ends)
    } catch (error) {
      this.#bestEffort.note(error)
      return null
    }
  }

  #seconds(): number {
    return (performance.now() - this.#startedMs) / 1000
  }
}

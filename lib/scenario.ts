import type { AddressRange } from './address.js'
import type { RampPoint } from './ramp.js'
import type { PortRange } from './source_ports.js'
import type { Target } from './targets.js'

/** How a connection is ended: `fin` closes in order and leaves a TIME_WAIT, `rst` resets and leaves nothing. */
export type CloseMode = 'fin' | 'rst'

/** What a listener does with a connection: `sink` reads and drops, `echo` sends back, `close-first` closes after the first byte. */
export type ListenMode = 'sink' | 'echo' | 'close-first'

/** What a caller may ask of `dial`. Every option has a default. */
export interface DialOptions {
  /** `host:port`, `host:port-port` or `[v6]:port`. None: the run listens on loopback itself and dials that. */
  targets?: string[]
  /** Connections to hold at once. Default 10,000. */
  connections?: number
  /** Connections started per second. Default: as fast as possible. Not together with `ramp`. */
  rate?: number
  /** Piecewise-linear rate over time, e.g. `0:10k/s,30s:200k/s`; the last value holds. */
  ramp?: string
  /** Handshakes in flight at most. Default 1,024. */
  window?: number
  /** Source addresses: address, `A/len`, `A-B` or interface name. Default: see `resolveSources`. */
  source?: string[]
  /** Source ports as `A-B`. Default `1024-65535`. Ports in `ip_local_reserved_ports` are left out. */
  sourcePorts?: string
  /** `K/N`: use the K-th (from 1) of N disjoint slices of the tuple space. Default `1/1`. */
  shard?: string
  /** Threads that dial at a time. Default: the CPUs this process may use. */
  workers?: number
  /** A handshake not done after this is a failure. Milliseconds, default 5,000. */
  connectTimeoutMs?: number
  /** SYN retransmits, 1 to 127 (TCP_SYNCNT in tcp(7)). Default: the kernel's `tcp_syn_retries`. */
  synRetries?: number
  /** How long to keep the connections once dialing has ended. Milliseconds, default 0. */
  holdMs?: number
  /** How to end connections. Default `fin`. */
  close?: CloseMode
  /** Upper bound of the whole run. Milliseconds; default: none. */
  durationMs?: number
  /** Says that you may flood a target that is neither loopback nor private. Default false. */
  authorized?: boolean
  /** Ends the run early; the result is that of the part that ran. */
  signal?: AbortSignal
}

/** {@link DialOptions} with every default resolved and every name looked up. Plain JSON; part of the result. */
export interface DialScenario {
  kind: 'dial'
  /** What to dial; empty when the run dials its own loopback listeners, one per lane. */
  targets: Target[]
  connections: number
  /** Schedule of connection starts; empty means as fast as possible. */
  rate: RampPoint[]
  window: number
  /** Disjoint, ascending. */
  sources: AddressRange[]
  /** Disjoint, ascending. */
  sourcePorts: PortRange[]
  /** Which slice of the tuple space is used, from 0: source ports whose index modulo `shardCount` equals this. */
  shardIndex: number
  shardCount: number
  /** Distinct 4-tuples this run may use; no larger than Number.MAX_SAFE_INTEGER. */
  tuples: number
  /** Threads that dial at a time. */
  lanes: number
  /** Descriptor tables the run may open over its life. */
  maxTables: number
  connectTimeoutMs: number
  /** 0: the kernel's default. */
  synRetries: number
  holdMs: number
  close: CloseMode
  /** null: no bound. */
  durationMs: number | null
  authorized: boolean
}

/** What a caller may ask of `listen`. */
export interface ListenOptions {
  /** `address:port` or `address:port-port`; port 0 lets the kernel choose. Default `127.0.0.1:0`. */
  targets?: string[]
  /** Default `sink`. */
  mode?: ListenMode
  /** Threads that accept. Default: the CPUs this process may use. */
  workers?: number
  /** Length of the accept queue asked for; the kernel lowers it to `net.core.somaxconn`. Default 4,096. */
  backlog?: number
  /** How to end connections. Default `fin`. */
  close?: CloseMode
  /** Stops listening and closes every connection. */
  signal?: AbortSignal
}

/** {@link ListenOptions} with every default resolved. Plain JSON. */
export interface ListenScenario {
  kind: 'listen'
  /** Where to listen; port 0 still stands for the kernel's choice. */
  targets: Target[]
  mode: ListenMode
  lanes: number
  maxTables: number
  backlog: number
  close: CloseMode
}

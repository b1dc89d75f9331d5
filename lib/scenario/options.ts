/** What a caller may ask of `dial` and of `listen`, and what each option may be. */
import { abortSignal, choice, flag, period, rate, text, texts, whole } from '../base/check_option.js'
import { checkOptions, type OptionChecks } from '../base/check_options.js'
import { type CloseMode, closeModes, type ListenMode, listenModes } from '../engine/modes.js'
import { type AddressChoice, addressChoices } from '../net/names.js'
import { type ChurnOptions, churnChecks } from './churn.js'
import { type ExchangeOptions, exchangeChecks } from './exchange.js'
import { type NatOptions, natChecks } from './nat.js'
import { type RampPoint, ramp } from './ramp.js'
import { type SocketOptions, socketChecks } from './socket_options.js'
import { tableLimits } from './tables.js'

/**
 * What a caller may ask of `dial`. Every option has a default; `undefined` stands for "not given". A value outside its
 * range is C1M_OPTION_INVALID, unless the option names another code.
 */
export interface DialOptions extends ExchangeOptions, ChurnOptions, NatOptions, SocketOptions {
  /**
   * `host:port`, `host:port-port`, `host:port,port` or `[v6]:port`, all of one address family; a port alone is one of
   * 127.0.0.1. docs/cli.md has the other forms. None: a self-dial, of listeners of its own on loopback.
   * C1M_TARGET_INVALID, C1M_TARGET_UNRESOLVED.
   */
  targets?: readonly string[]
  /**
   * Which addresses of a name to dial: the `first` that the resolver gives, or `all` of that family, each with the ports
   * of the target. `result.scenario` has those dialed as `targets`, and the others as `otherAddresses`. Default `first`.
   */
  addresses?: AddressChoice
  /** Connections to hold, or in a churn to have open, at once. From 1, default 10,000. */
  connections?: number
  /**
   * Connections started per second, above 0, at most 1,000,000,000. Default: as fast as possible. Not together with
   * `ramp`.
   */
  rate?: number
  /**
   * Rate over time, in a straight line from point to point; the last rate holds. A text, e.g. `0:10k/s,30s:200k/s`, or
   * the same as points, `[{ atMs: 0, perSecond: 10_000 }, { atMs: 30_000, perSecond: 200_000 }]`. The first time is 0,
   * times rise, the last rate is more than zero. Not together with `rate`. C1M_RAMP_INVALID.
   */
  ramp?: string | readonly RampPoint[]
  /** Handshakes in flight at most. 1 to 16,777,216, default 1,024. */
  window?: number
  /**
   * Source addresses: address, `A/len`, `A-B` or interface name. Default: for loopback targets as many of 127.0.1.1
   * upward as the connections need, for others the address the route chooses. C1M_SOURCE_INVALID, C1M_SOURCE_NOT_LOCAL.
   */
  source?: readonly string[]
  /**
   * Source ports as `A-B`. Default: `1024-65535` but the last 1,024 of `ip_local_port_range`, so that other programs on
   * this host can still open connections. Ports in `ip_local_reserved_ports` are left out of either.
   * C1M_SOURCE_PORTS_INVALID.
   */
  sourcePorts?: string
  /** `K/N`: use the K-th (from 1) of N disjoint slices of the tuple space. N up to 65,535, default `1/1`. C1M_SHARD_INVALID. */
  shard?: string
  /**
   * Where in the tuple space the run begins: so many source ports from the first one, round and round. A whole number
   * from 0 to 4,294,967,295; default: any, so that a run does not meet what its predecessor has left behind at the
   * server. The one used is in `result.scenario`; with it, a run uses the same tuples again. 0: from the first tuple.
   */
  seed?: number
  /** Threads that dial at a time. Default: the CPUs this process may use; in a churn as many as its descriptors need. */
  workers?: number
  /** A handshake that takes longer is a failure. Milliseconds from 1, default 5,000. */
  connectTimeoutMs?: number
  /** SYN retransmits, 1 to 127 (TCP_SYNCNT in tcp(7)). Default: the kernel's `tcp_syn_retries`. */
  synRetries?: number
  /**
   * How long to keep the connections once dialing has ended. From 2,000 on keepalive probes tell of a sample of about a
   * thousand whether they are alive, unless heartbeats or `keepaliveMs` do. Milliseconds from 0, default 0.
   */
  holdMs?: number
  /** How to end connections. Default `fin`. */
  close?: CloseMode
  /** Upper bound of the whole run. Milliseconds from 1; default: none, in a churn 10,000. */
  durationMs?: number
  /** Reads TCP_INFO of every connection at the end of the hold, for `result.census`. Default false. */
  census?: boolean
  /** Connections of which each snapshot shows TCP_INFO, at most all. From 0, default 0: none. */
  sample?: number
  /**
   * Says that you may flood a target that is neither loopback nor private; without it, C1M_AUTHORIZATION_REQUIRED.
   * Default false.
   */
  authorized?: boolean
  /** Ends the run early; the result is that of the part that ran. */
  signal?: AbortSignal
}

/** The engine keeps it in 32 bits. */
export const mostSeed = 2 ** 32 - 1

export const dialChecks: OptionChecks<DialOptions> = {
  targets: texts,
  addresses: choice(addressChoices),
  connections: whole(1),
  rate,
  ramp,
  window: whole(1, 2 ** 24),
  source: texts,
  sourcePorts: text,
  shard: text,
  seed: whole(0, mostSeed),
  workers: whole(1, tableLimits.maxTables),
  connectTimeoutMs: whole(1),
  synRetries: whole(1, 127),
  holdMs: whole(0),
  close: choice(closeModes),
  durationMs: whole(1),
  census: flag,
  sample: whole(0),
  authorized: flag,
  signal: abortSignal,
  ...exchangeChecks,
  ...churnChecks,
  ...natChecks,
  ...socketChecks
}

/** What a caller may ask of `listen`. Every option has a default; a value outside its range is C1M_OPTION_INVALID. */
export interface ListenOptions extends SocketOptions {
  /**
   * `address:port` or `address:port-port`; port 0 lets the kernel choose. `:port` is any address, of IPv4 and IPv6, as is
   * `[::]:port` unless an IPv4 address is named with the same port. Default `127.0.0.1:0`. C1M_TARGET_INVALID.
   */
  targets?: readonly string[]
  /** What to do with what comes. Default `sink`. */
  mode?: ListenMode
  /** Threads that accept. Default: the CPUs this process may use. */
  workers?: number
  /** Length of the accept queue asked for; the kernel lowers it to `net.core.somaxconn`. From 1, default 4,096. */
  backlog?: number
  /** How to end connections. Default `fin`. */
  close?: CloseMode
  /** Closes the listener and every connection. */
  signal?: AbortSignal
}

export const listenChecks: OptionChecks<ListenOptions> = {
  targets: texts,
  mode: choice(listenModes),
  workers: whole(1, tableLimits.maxTables),
  backlog: whole(1),
  close: choice(closeModes),
  signal: abortSignal,
  ...socketChecks
}

/** What a caller may ask of `snapshots`. */
export interface SnapshotOptions {
  /** How often to look. Milliseconds, at least 1, default 250; C1M_OPTION_INVALID, at the call, for less. */
  everyMs?: number
}

const snapshotChecks: OptionChecks<SnapshotOptions> = { everyMs: period }

/**
 * The period the options ask for, in milliseconds.
 * @throws C1mError C1M_OPTION_INVALID
 */
export function snapshotPeriodMs(options?: SnapshotOptions): number {
  return checkOptions('snapshots', options, snapshotChecks).everyMs ?? 250
}

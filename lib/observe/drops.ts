/** Counts packets the kernel drops, by reason and call chain. Uses the tracepoint skb:kfree_skb, which needs privilege. */

import { readFileSync, statSync } from 'node:fs'
import { getSystemErrorName } from 'node:util'
import { C1mError } from '../base/errors.js'
import type { Count } from '../base/quantities.js'
import { native } from '../engine/native.js'
import type { NativeDropLayoutName, NativeDrops, NativeEnd } from '../engine/native_sockets.js'
import { Btf } from '../host/btf.js'
import {
  type DropTracepoint,
  dropFilter,
  dropTracepointPath,
  ignoredReasons,
  ordinaryReasons,
  parseDropTracepoint
} from '../host/drop_tracepoint.js'
import { KernelSymbols } from '../host/kernel_symbols.js'

/** Packets dropped for one reason at one place. */
export interface DropSite {
  /** The kernel's name of the reason, e.g. `NETFILTER_DROP`; `UNKNOWN` before Linux 5.17. */
  reason: string
  packets: Count
  /** Kernel functions, from the one that dropped the packets outwards. */
  chain: string[]
}

/** Packets dropped since counting began. */
export interface DropSummary {
  packets: Count
  /** Most frequent first. */
  sites: DropSite[]
  /** Drops that the kernel had no buffer space to report. */
  lost: Count
  /** Reasons that are left out because they occur in normal operation. */
  ignored: readonly string[]
  /**
   * Which packets are counted. `ends`: TCP from or to the watched addresses and ports, in this network namespace.
   * `namespace`: IP of this namespace. `host`: IP of every namespace, because the kernel refused the filter program.
   */
  scope: 'ends' | 'namespace' | 'host'
}

/** Most ends that the filter program compares; with more of them, all drops of the namespace are counted. */
const mostEnds = 256

/** Counts drops until it is stopped. */
export class DropCounter {
  readonly #drops: NativeDrops
  readonly #tracepoint: DropTracepoint
  readonly #scope: DropSummary['scope']
  #symbols: KernelSymbols | undefined

  /**
   * @param ends addresses and ports to watch; none: everything
   * @throws C1mError C1M_DROPS_UNAVAILABLE
   */
  constructor(ends: readonly NativeEnd[]) {
    this.#tracepoint = readTracepoint()
    const filtered = this.#tracepoint.reason && startFiltered(ends, this.#tracepoint)
    this.#drops = filtered ?? startUnfiltered(this.#tracepoint)
    this.#scope = filtered ? (ends.length > 0 && ends.length <= mostEnds ? 'ends' : 'namespace') : 'host'
  }

  read(): DropSummary {
    const { sites, lost, others } = this.#drops.read()
    // Sites that differ only by the position within a function are merged.
    const merged = new Map<string, DropSite>()
    for (const { reason, drops, frames } of sites) {
      const name = this.#tracepoint.reason ? (this.#tracepoint.reasons.get(reason) ?? `${reason}`) : 'UNKNOWN'
      const chain = frames.map((address) => this.#nameOf(address))
      const key = `${name} ${chain.join(' ')}`
      const site = merged.get(key)
      if (site) site.packets += drops
      else merged.set(key, { reason: name, packets: drops, chain })
    }
    if (others > 0) merged.set('', { reason: 'OTHER', packets: others, chain: [] })
    const all = [...merged.values()].sort((a, b) => b.packets - a.packets)
    return {
      packets: all.reduce((sum, { packets }) => sum + packets, 0),
      sites: all,
      lost,
      ignored: this.#tracepoint.reason ? ordinaryReasons : [],
      scope: this.#scope
    }
  }

  stop(): void {
    this.#drops.stop()
  }

  #nameOf(address: number): string {
    this.#symbols ??= KernelSymbols.read()
    return this.#symbols.nameOf(address)
  }
}

function readTracepoint(): DropTracepoint {
  const format = readMounted() ?? readUnmounted()
  const tracepoint = parseDropTracepoint(format)
  if (tracepoint) return tracepoint
  throw new C1mError(
    'C1M_DROPS_UNAVAILABLE',
    'this kernel describes the tracepoint skb:kfree_skb in a format that c1m-native does not know'
  )
}

/** The format of the tracepoint from a mounted tracefs; null if none is mounted or readable. */
function readMounted(): string | null {
  for (const mount of ['/sys/kernel/tracing', '/sys/kernel/debug/tracing']) {
    try {
      return readFileSync(`${mount}/${dropTracepointPath}`, 'latin1')
    } catch {
      // Not mounted here, or not readable.
    }
  }
  return null
}

function readUnmounted(): string {
  try {
    return native().readTracefs(dropTracepointPath)
  } catch (cause) {
    throw unavailable(cause)
  }
}

/** null if the kernel refuses the filter program: the tracepoint alone shows less, but works. */
function startFiltered(ends: readonly NativeEnd[], { reasons }: DropTracepoint): NativeDrops | null {
  try {
    const layout = kernelLayout(new Btf(readFileSync('/sys/kernel/btf/vmlinux')))
    if (layout === null) return null
    const filter = {
      layout,
      ignoredReasons: ignoredReasons(reasons),
      netInode: statSync('/proc/self/ns/net').ino,
      ends: ends.length > mostEnds ? [] : [...ends]
    }
    return new (native().Drops)({ filter })
  } catch {
    return null
  }
}

/** Structure and member of each field that the filter program reads. */
const members: Record<NativeDropLayoutName, [structure: string, member: string]> = {
  skbProtocol: ['sk_buff', 'protocol'],
  skbHead: ['sk_buff', 'head'],
  skbNetworkHeader: ['sk_buff', 'network_header'],
  skbSk: ['sk_buff', 'sk'],
  skbDev: ['sk_buff', 'dev'],
  sockNet: ['sock_common', 'skc_net'],
  devNet: ['net_device', 'nd_net'],
  netInode: ['net', 'ns.inum']
}

/** null if this kernel lacks one of the members, for example without CONFIG_NET_NS. */
export function kernelLayout(btf: Btf): Record<NativeDropLayoutName, number> | null {
  const entries = Object.entries(members).map(([name, [structure, member]]) => [
    name,
    btf.offsetOf(structure, member)
  ])
  return entries.some(([, offset]) => offset === null) ? null : Object.fromEntries(entries)
}

function startUnfiltered(tracepoint: DropTracepoint): NativeDrops {
  const { id, locationOffset, reason } = tracepoint
  try {
    return new (native().Drops)({
      tracepoint: {
        id,
        filter: dropFilter(tracepoint),
        locationOffset,
        reasonOffset: reason?.offset ?? 0,
        reasonBytes: reason?.bytes ?? 0
      }
    })
  } catch (cause) {
    throw unavailable(cause)
  }
}

function unavailable(cause: unknown): C1mError {
  const { errno = 0, syscall = '' } = cause as { errno?: number; syscall?: string }
  const code = errno === 0 ? (cause as Error).message : getSystemErrorName(-errno)
  const denied = code === 'EPERM' || code === 'EACCES'
  return new C1mError(
    'C1M_DROPS_UNAVAILABLE',
    denied
      ? `the kernel reports its drop reasons only to root (${syscall} ${code})`
      : `the kernel does not report its drop reasons: ${syscall} ${code}`,
    {
      hint: denied
        ? 'Run as root, or with CAP_SYS_ADMIN, CAP_PERFMON and CAP_BPF.'
        : 'It needs perf events and tracepoints (CONFIG_PERF_EVENTS, CONFIG_TRACEPOINTS).',
      cause
    }
  )
}

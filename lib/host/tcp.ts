import type { ProcReader } from './proc_reader.js'

/** Settings of TCP, per network namespace unless noted otherwise. They apply to IPv6 as well. */
export interface TcpFacts {
  /** 0 off, 1 on with an offset per connection, 2 on without. */
  timestamps: number | null
  /** 0 off, 1 on, 2 on loopback only (default since 4.19). */
  twReuse: number | null
  /** Milliseconds before a TIME_WAIT may be reused; missing before 6.14, where it is one second. */
  twReuseDelayMs: number | null
  /** 1: this host offers and accepts selective acknowledgments; the same for window scaling. */
  sack: number | null
  windowScaling: number | null
  maxTwBuckets: number | null
  /** Limit of sockets without a process; the kernel counts them on the whole host. */
  maxOrphans: number | null
  /** 1 ignores RST in TIME_WAIT, so a rejected reconnect fails for good. */
  rfc1337: number | null
  synRetries: number | null
  /** SYN retransmissions at the first timeout before it doubles; missing before 6.5, where it doubles from the start. */
  synLinearTimeouts: number | null
  synackRetries: number | null
  /** Upper limit of the accept queue. */
  somaxconn: number | null
  /** Limit of half-open connections per listener; ignored while SYN cookies are on. */
  maxSynBacklog: number | null
  /** 0 never, 1 when the SYN queue is full, 2 always. */
  syncookies: number | null
  /** 1 resets a connection if the accept queue is full, instead of dropping its ACK. */
  abortOnOverflow: number | null
  /** Buckets of the established hash that this namespace uses; missing before 6.1. */
  ehashEntries: number | null
  /** Whether that table belongs to the host, so that it also holds sockets of other namespaces. */
  ehashShared: boolean | null
  /** Buckets of the own table of a namespace created from this one; 0: it shares this one's table. */
  childEhashEntries: number | null
}

export function readTcpFacts(proc: ProcReader): TcpFacts {
  const tcp = (name: string) => proc.integer(`sys/net/ipv4/tcp_${name}`)
  // ip-sysctl.rst: negative if the table is shared with the initial namespace; the magnitude is the size.
  const ehash = tcp('ehash_entries')
  return {
    timestamps: tcp('timestamps'),
    twReuse: tcp('tw_reuse'),
    twReuseDelayMs: tcp('tw_reuse_delay'),
    sack: tcp('sack'),
    windowScaling: tcp('window_scaling'),
    maxTwBuckets: tcp('max_tw_buckets'),
    maxOrphans: tcp('max_orphans'),
    rfc1337: tcp('rfc1337'),
    synRetries: tcp('syn_retries'),
    synLinearTimeouts: tcp('syn_linear_timeouts'),
    synackRetries: tcp('synack_retries'),
    somaxconn: proc.integer('sys/net/core/somaxconn'),
    maxSynBacklog: tcp('max_syn_backlog'),
    syncookies: tcp('syncookies'),
    abortOnOverflow: tcp('abort_on_overflow'),
    ehashEntries: ehash === null ? null : Math.abs(ehash),
    ehashShared: ehash === null ? null : ehash < 0,
    childEhashEntries: tcp('child_ehash_entries')
  }
}

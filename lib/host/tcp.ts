import type { ProcReader } from './proc_reader.js'

/** Settings of TCP; per network namespace unless said otherwise. They hold for IPv6 as well. */
export interface TcpFacts {
  /** 0 off, 1 on with an offset per connection, 2 on without. */
  timestamps: number | null
  /** 0 off, 1 on, 2 on loopback only (default since 4.19). */
  twReuse: number | null
  /** Milliseconds before a TIME_WAIT may be reused; absent before 6.14, where it is one second. */
  twReuseDelayMs: number | null
  /** 1: this host offers and takes selective acknowledgements; the same for window scaling. */
  sack: number | null
  windowScaling: number | null
  maxTwBuckets: number | null
  /** Sockets without a process; the count is compared on the whole host. */
  maxOrphans: number | null
  /** 1 ignores RST in TIME_WAIT, which makes a rejected reconnect fail for good. */
  rfc1337: number | null
  synRetries: number | null
  /** SYN retransmits at the first timeout before it doubles; absent before 6.5, where it doubles at once. */
  synLinearTimeouts: number | null
  synackRetries: number | null
  /** Upper bound of the accept queue. */
  somaxconn: number | null
  /** Half-open connections of a listener; not looked at while SYN cookies are on. */
  maxSynBacklog: number | null
  /** 0 never, 1 when the SYN queue is full, 2 always. */
  syncookies: number | null
  /** 1 resets a connection the accept queue has no room for, instead of dropping its ACK. */
  abortOnOverflow: number | null
  /** Buckets of the established hash this namespace uses; absent before 6.1. */
  ehashEntries: number | null
  /** Whether that table is the host's and so holds other namespaces' sockets. */
  ehashShared: boolean | null
  /** Buckets a namespace made from here would get for itself; 0: it shares. */
  childEhashEntries: number | null
}

export function readTcpFacts(proc: ProcReader): TcpFacts {
  const tcp = (name: string) => proc.integer(`sys/net/ipv4/tcp_${name}`)
  // ip-sysctl.rst: negative when the table is shared with the initial namespace, with the size as magnitude.
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

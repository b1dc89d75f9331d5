/**
 * The kernel's counters that our code asks for by name. A kernel has hundreds, and all of them are read; but a name that is
 * not in this list is misspelled, and would pass for a counter that never moves.
 */
export const counterNames = [
  'Conntrack.chaintoolong',
  'Conntrack.drop',
  'Conntrack.entries',
  'Conntrack.found',
  'Conntrack.insert_failed',
  'Icmp.InDestUnreachs',
  'Icmp6.InDestUnreachs',
  'Ip.InDiscards',
  'Ip.OutDiscards',
  'Ip.OutNoRoutes',
  'Ip6.OutNoRoutes',
  'Neigh4.table_fulls',
  'Neigh6.table_fulls',
  'Sockstat.TCP.alloc',
  'Sockstat.TCP.mem',
  'Sockstat.TCP.orphan',
  'Sockstat.TCP.tw',
  'Softnet.dropped',
  'Tcp.AttemptFails',
  'Tcp.CurrEstab',
  'Tcp.EstabResets',
  'Tcp.InSegs',
  'Tcp.OutRsts',
  'Tcp.PassiveOpens',
  'Tcp.RetransSegs',
  'TcpExt.EmbryonicRsts',
  'TcpExt.IPReversePathFilter',
  'TcpExt.ListenDrops',
  'TcpExt.ListenOverflows',
  'TcpExt.PAWSEstab',
  'TcpExt.PAWSTimewait',
  'TcpExt.PruneCalled',
  'TcpExt.SyncookiesRecv',
  'TcpExt.SyncookiesSent',
  'TcpExt.TCPACKSkippedTimeWait',
  'TcpExt.TCPAbortOnMemory',
  'TcpExt.TCPDeferAcceptDrop',
  'TcpExt.TCPMemoryPressures',
  'TcpExt.TCPReqQFullDoCookies',
  'TcpExt.TCPReqQFullDrop',
  'TcpExt.TCPSYNChallenge',
  'TcpExt.TCPSynRetrans',
  'TcpExt.TCPTimeWaitOverflow',
  'TcpExt.TW',
  'TcpExt.TWRecycled'
] as const

/** `Group.Name`, as in `TcpExt.ListenOverflows`. */
export type CounterName = (typeof counterNames)[number]

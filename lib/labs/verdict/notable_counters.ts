/** Which of the kernel's counters tell a lab's story. Pure. */
import type { CounterName } from '../../host/counter_names.js'
import type { CounterChanges } from '../../host/counters.js'

const notable = new Set<string>([
  'Conntrack.chaintoolong',
  'Conntrack.drop',
  'Conntrack.insert_failed',
  'Sockstat.TCP.tw',
  'Tcp.AttemptFails',
  'Tcp.EstabResets',
  'Tcp.OutRsts',
  'TcpExt.ListenDrops',
  'TcpExt.ListenOverflows',
  'TcpExt.PAWSTimewait',
  'TcpExt.SyncookiesSent',
  'TcpExt.TCPACKSkippedTimeWait',
  'TcpExt.TCPReqQFullDoCookies',
  'TcpExt.TCPReqQFullDrop',
  'TcpExt.TCPSynRetrans',
  'TcpExt.TCPTimeWaitOverflow',
  'TcpExt.TWRecycled'
] satisfies CounterName[])

/** How far each of them moved; the others are left out. */
export function notableCounters(changes: CounterChanges): Record<string, number> {
  return Object.fromEntries(
    Object.entries(changes)
      .filter(([name]) => notable.has(name))
      .map(([name, { delta }]) => [name, delta])
  )
}

/** What a watch sees of a server on twenty ports, made up. */
import type { SocketSurvey } from '../../lib/engine/sockets.js'
import type { WatchResult, WatchSnapshot } from '../../lib/watch/watch_result.js'
import { exampleResult } from './example_result.js'

const ports = Array.from({ length: 20 }, (_, i) => 8100 + i)
const address = (port: number) => `0.0.0.0:${port}`

const sockets: SocketSurvey = {
  seconds: 1,
  listeners: [],
  ports: ports.map((port) => ({
    port,
    states: { ESTABLISHED: port === 8119 ? 49_998 : 50_000, ...(port === 8107 && { SYN_RECV: 12 }) }
  })) as unknown as SocketSurvey['ports'],
  states: { ESTABLISHED: 999_998, SYN_RECV: 12 },
  rtt: { count: 999_998, mean: 60, p50: 48, p90: 95, p99: 310, p999: 2400, max: 3100, unit: 'us' },
  retransmits: { segments: 15, sockets: 12, inTimeout: 1 },
  unread: { sockets: 3, bytes: 4096 },
  unacknowledged: { sockets: 2, bytes: 512 },
  without: { windowScaling: 3, sack: 3, timestamps: 3 }
}

const view: Pick<WatchResult, 'sockets' | 'conntrack' | 'drops' | 'unavailable' | 'findings'> = {
  sockets,
  conntrack: { entries: 65_000, max: 65_536, buckets: 16_384, dropped: 120, refused: 0, clashed: 0 },
  drops: {
    packets: 500,
    sites: [
      {
        reason: 'NETFILTER_DROP',
        packets: 500,
        chain: ['nf_hook_slow', '__ip_local_out', '__ip_queue_xmit', '__tcp_transmit_skb', 'tcp_connect']
      }
    ],
    lost: 0,
    ignored: [],
    scope: 'namespace'
  },
  unavailable: ['the kernel tells its drop reasons only to root. Run as root, or leave --drops out.'],
  findings: eventful()
}

/** At one moment: one queue is full, the others are empty. */
export function watchSnapshot(): WatchSnapshot {
  return {
    ...view,
    tSeconds: 81,
    counters: { 'TcpExt.ListenOverflows': { delta: 1204, perSecond: 12 } },
    listeners: ports.map((port) => ({
      address: address(port),
      inode: port,
      queued: port === 8107 ? 4097 : port % 3,
      backlog: 4096,
      mostQueued: 4097,
      dropped: 0,
      ignoredSeconds: 0,
      process: null,
      processes: 1
    })),
    socketsAgeSeconds: 4
  }
}

/** At its end. */
export function watchResult(): WatchResult {
  return {
    ...view,
    schema: 'c1m-native/watch-result@1',
    version: '0.0.0',
    startedAt: '2026-01-01T00:00:00.000Z',
    host: exampleResult().host,
    watched: ports.map(address),
    totalSeconds: 81,
    counters: { 'TcpExt.ListenOverflows': { before: 0, after: 1204, delta: 1204 } },
    listeners: ports.map((port) => ({
      address: address(port),
      sockets: 1,
      backlog: 4096,
      mostQueued: port === 8107 ? 4097 : port % 3,
      timesFull: port === 8107 ? 2 : 0,
      dropped: port === 8107 ? 1204 : 0
    }))
  }
}

function eventful(): WatchResult['findings'] {
  return [
    {
      id: 'accept-queue-overflow',
      severity: 'critical',
      side: 'server',
      title: 'The accept queue overflowed: the server does not accept as fast as connections arrive',
      evidence: [{ name: 'TcpExt.ListenOverflows', before: 0, after: 1204 }],
      remedy: ['# as root:', 'sysctl -w net.core.somaxconn=65535']
    }
  ]
}

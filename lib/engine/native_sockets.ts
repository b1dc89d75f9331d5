/** Types for what the addon reads in this network namespace: sockets of every process, dropped packets, devices. */
import type { NativeLatency } from './native_run.js'

/** A listening socket. */
export interface NativeListener {
  /** 16 bytes; IPv4 is mapped into IPv6. */
  address: Uint8Array
  port: number
  /** Connections waiting to be accepted. */
  queued: number
  backlog: number
  uid: number
  inode: number
  /** SYNs and final ACKs the socket has dropped in its life; null if the kernel does not report them. */
  drops: number | null
}

/** The sockets of one listening port. */
export interface NativePort {
  port: number
  /** Indexed by the number of the TCP state. */
  states: number[]
  /** SYN-ACKs retransmitted by the connections in SYN_RECV. */
  synAckRetransmits: number
  /** Connections that belong to a process. */
  accepted: number
  /** Of the accepted: those in CLOSE_WAIT; with a peer silent for at least 3 s; and of these, with an unread FIN. */
  closeWait: number
  quietCloseWait: number
  quietCloseWaitUnread: number
  /** Accepted connections with a peer window closed for 3 s; and those that have retransmitted the same data 4 times. */
  windowClosed: number
  unanswered: number
  /** Lower bound of the longest time that a connection has waited to be accepted. */
  longestWaitMs: number
}

/** A connection with bytes unread for at least a second; its inode is 0 while it waits to be accepted. */
export interface NativeUnread {
  /** Unique identifier of the socket. */
  cookie: string
  port: number
  inode: number
  bytes: number
  /** Bytes the process has read in the connection's life. */
  read: number
}

/** Sums over sockets with TCP_INFO. */
export interface NativeSocketFigures {
  sockets: number
  retransmits: number
  withRetransmit: number
  inTimeout: number
  unread: number
  unreadBytes: number
  unacknowledged: number
  unacknowledgedBytes: number
  withoutWindowScaling: number
  withoutSack: number
  withoutTimestamps: number
}

/** Sockets of every process in this network namespace. */
export interface NativeSurvey {
  listeners: NativeListener[]
  ports: NativePort[]
  /** A selection if there are many. */
  unread: NativeUnread[]
  /** Inodes of some of the connections counted in `quietCloseWait`. */
  quietInodes: number[]
  /** Indexed by the number of the TCP state, without listening sockets. */
  states: number[]
  figures: NativeSocketFigures
  roundTrips: NativeLatency
}

/** Sockets from one address to one destination. */
export interface NativePortUse {
  /** 16 bytes each; IPv4 is mapped into IPv6. */
  localAddress: Uint8Array
  remoteAddress: Uint8Array
  remotePort: number
  /** Sockets with a local port in the range: in TIME_WAIT, and in other states. */
  timeWaits: number
  others: number
  /** Sockets with a local port outside the range. */
  outside: number
}

/** Ports from `firstPort` to `lastPort`, at one address or at any. */
export interface NativeEnd {
  address?: string
  firstPort: number
  lastPort: number
}

/** The sockets a survey reads: those with one of these local ends, or all if there are none. */
export interface NativeSurveyOptions {
  local: NativeEnd[]
  listenersOnly: boolean
}

/** The tracepoint skb:kfree_skb; see lib/host/drop_tracepoint.ts. */
export interface NativeDropTracepoint {
  id: number
  filter: string
  locationOffset: number
  reasonOffset: number
  /** 0: this kernel reports no reason. */
  reasonBytes: number
}

/** What the filter program at the tracepoint counts. */
export interface NativeDropFilter {
  /** Byte offsets in this kernel's struct sk_buff, sock_common, net_device and net. */
  layout: Record<NativeDropLayoutName, number>
  ignoredReasons: number[]
  /** Inode of the network namespace; 0: any. */
  netInode: number
  /** TCP packets from or to one of these; none: every IP packet. */
  ends: NativeEnd[]
}

/** The members that the filter program reads. */
export type NativeDropLayoutName =
  | 'skbProtocol'
  | 'skbHead'
  | 'skbNetworkHeader'
  | 'skbSk'
  | 'skbDev'
  | 'sockNet'
  | 'devNet'
  | 'netInode'

/** Dropped packets counted by reason and call chain. */
export interface NativeDropReport {
  /** `frames`: return addresses without their top 16 bits, from the function that dropped the packet outwards. */
  sites: { reason: number; drops: number; frames: number[] }[]
  /** Drops that the kernel had no buffer space to report. */
  lost: number
  /** Drops at further sites, beyond the number that is kept apart. */
  others: number
}

/** Counts dropped packets until stop() is called. */
export interface NativeDrops {
  read(): NativeDropReport
  stop(): void
}

/** A network device of this namespace. */
export interface NativeDevice {
  name: string
  /** The administrator has set the device up. */
  up: boolean
  /** The device is up and has a carrier. */
  carrier: boolean
  /** The device is on a link with neighbors: not loopback, dummy, or a tunnel. */
  neighbours: boolean
  /** With prefix length, `198.18.1.1/24`; also those of a device that is down. */
  addresses: string[]
}

/** The first stop of packets to a target. */
export interface NativeNextHop {
  /** The router to the target, or the target itself if it is on the link. */
  address: string
  device: string
  /** NUD_* of <linux/neighbour.h>; 0: the kernel neither knows its hardware address nor looks for it. */
  state: number
}

/** The properties of a connection that routing rules can match. */
export interface NativeRouteQuery {
  target: string
  /** 0: any. */
  port: number
  source?: string
  /** 0: none. */
  mark: number
  /** '': not bound to a device. */
  device: string
}

/** A route of packets. */
export interface NativeRoute {
  /** The device by which they leave. */
  device: string
  /** The source address the route chooses if none is given; '': the kernel names none. */
  source: string
}

/** A neighbor table, which all network namespaces share. */
export interface NativeNeighbourTable {
  family: 4 | 6
  entries: number
  /** `gc_thresh3`. */
  most: number
  /** Number of times the table was full. */
  fulls: number
}

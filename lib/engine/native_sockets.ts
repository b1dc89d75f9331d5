/** What the addon reads of this network namespace: the sockets of every process, dropped packets, devices. */
import type { NativeLatency } from './native_run.js'

/** A listening socket. */
export interface NativeListener {
  /** 16 bytes; IPv4 is mapped into IPv6. */
  address: Uint8Array
  port: number
  /** Connections that wait to be accepted. */
  queued: number
  backlog: number
  uid: number
  inode: number
  /** SYNs and final ACKs it dropped in its life; null where the kernel does not tell. */
  drops: number | null
}

/** The sockets of one listening port. */
export interface NativePort {
  port: number
  /** By number of the TCP state. */
  states: number[]
  /** SYN-ACKs sent again, of those in SYN_RECV. */
  synAckRetransmits: number
  /** Connections that a process has. */
  accepted: number
  /** Of them those in CLOSE_WAIT; whose peer has been quiet since 3 s or longer; and whose FIN nobody has read. */
  closeWait: number
  quietCloseWait: number
  quietCloseWaitUnread: number
  /** Accepted ones whose peer has had no room for 3 s; and that have sent the same data again 4 times. */
  windowClosed: number
  unanswered: number
  /** For how long, at least, one of those that wait to be accepted has waited. */
  longestWaitMs: number
}

/** A connection with bytes that have been unread for a second or longer; its inode is 0 while it waits to be accepted. */
export interface NativeUnread {
  /** Names this socket and no other. */
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

/** Sockets of this network namespace, of every process. */
export interface NativeSurvey {
  listeners: NativeListener[]
  ports: NativePort[]
  /** Some of them, when there are many. */
  unread: NativeUnread[]
  /** Inodes of some of the connections that `quietCloseWait` counts. */
  quietInodes: number[]
  /** By number of the TCP state; without the listening ones. */
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
  /** With a local port of the range: those in TIME_WAIT, and the others. */
  timeWaits: number
  others: number
  /** With a local port outside of it. */
  outside: number
}

/** Ports from `firstPort` to `lastPort`, at one address or at any. */
export interface NativeEnd {
  address?: string
  firstPort: number
  lastPort: number
}

/** Which sockets a survey looks at: any with one of these local ends; all when there are none. */
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
  /** 0: this kernel gives no reason. */
  reasonBytes: number
}

/** What a program at the tracepoint keeps. */
export interface NativeDropFilter {
  /** Where this kernel keeps things, in bytes: struct sk_buff, then sock_common, net_device and net. */
  layout: Record<NativeDropLayoutName, number>
  ignoredReasons: number[]
  /** Inode of the network namespace; 0: any. */
  netInode: number
  /** TCP packets from or to one of these; none: every IP packet. */
  ends: NativeEnd[]
}

/** Members the program reads. */
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
  /** `frames`: return addresses less their first 16 bits, from the function that dropped outwards. */
  sites: { reason: number; drops: number; frames: number[] }[]
  /** Drops the kernel had no room to tell of. */
  lost: number
  /** Drops at more sites than are kept apart. */
  others: number
}

/** Counts dropped packets until it is stopped. */
export interface NativeDrops {
  read(): NativeDropReport
  stop(): void
}

/** A network device of this namespace. */
export interface NativeDevice {
  name: string
  /** Set up by the administrator. */
  up: boolean
  /** Up, and with a carrier. */
  carrier: boolean
  /** On a link with neighbours: not loopback, dummy, or a tunnel. */
  neighbours: boolean
  /** With the length of the prefix, `198.18.1.1/24`; those of a device that is down as well. */
  addresses: string[]
}

/** Where packets go first. */
export interface NativeNextHop {
  /** The router to the target, or the target itself where the link has it. */
  address: string
  device: string
  /** NUD_* of <linux/neighbour.h>; 0: the kernel knows no hardware address for it, and looks for none. */
  state: number
}

/** What a connection tells of itself where a route is chosen for it. */
export interface NativeRouteQuery {
  target: string
  /** 0: any. */
  port: number
  source?: string
  /** 0: none. */
  mark: number
  /** '': as the routes say. */
  device: string
}

/** A way that packets take. */
export interface NativeRoute {
  /** Where they leave. */
  device: string
  /** The address they leave from where none is given; '': the kernel names none. */
  source: string
}

/** A table of neighbours, which all network namespaces share. */
export interface NativeNeighbourTable {
  family: 4 | 6
  entries: number
  /** `gc_thresh3`. */
  most: number
  /** How often there was no room for one more. */
  fulls: number
}

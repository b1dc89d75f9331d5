/** The TCP sockets of every process in this network namespace: sums over what the kernel's sock_diag reports. */

import { getSystemErrorName } from 'node:util'
import { C1mError } from '../base/errors.js'
import type { Amount, Count, Port } from '../base/quantities.js'
import { formatEndpoint } from '../net/address.js'
import { addressOf } from '../net/address_bytes.js'
import { tcpStates } from '../net/tcp_names.js'
import { inMicroseconds, type Latency } from './latency.js'
import { native } from './native.js'
import type { NativeSurvey } from './native_sockets.js'

/** Local ends of sockets: a range of ports, at one address or at any. */
export interface LocalEnd {
  /** Numeric; a listening socket bound to any address matches as well. */
  address?: string
  firstPort: number
  lastPort: number
}

/** A listening socket. */
export interface ListeningSocket {
  /** `address:port`. */
  address: string
  /** Connections waiting to be accepted. The queue is full at `backlog` + 1. */
  queued: Count
  backlog: Count
  /** Inode of the socket, as in the links of /proc/PID/fd. */
  inode: Count
  /** SYNs and final ACKs the socket has dropped in its life; null if the kernel does not report them. */
  drops: Count | null
}

/** The connections of one listening port. */
export interface PortSockets {
  port: Port
  /** Sockets by TCP state, e.g. `ESTABLISHED`, including those waiting to be accepted. */
  states: Record<string, Count>
  /** SYN-ACKs retransmitted by the connections that are in SYN_RECV now. */
  synAckRetransmits: Count
  /** Connections that a process has accepted and not closed. */
  accepted: Count
  /** Accepted connections whose peer has closed. */
  closeWait: {
    sockets: Count
    /** Closed by the peer at least three seconds ago; of these, the ones whose end of stream the process has not read. */
    old: Count
    oldUnread: Count
  }
  /** Accepted connections that cannot send because the peer's window has been closed for at least three seconds. */
  windowClosed: Count
  /** Accepted connections that have retransmitted the same data at least four times, which takes three seconds. */
  unanswered: Count
  /** Lower bound of the longest time that a connection has waited to be accepted; 0 if none waits. */
  longestWaitSeconds: Amount
}

/** A connection with bytes that have been unread for at least a second. */
export interface UnreadSocket {
  /** Unique identifier of the socket. */
  cookie: string
  port: number
  /** 0 while it waits to be accepted. */
  inode: number
  bytes: number
  /** Bytes the process has read in the connection's life. */
  read: number
}

/** Single connections that a survey has singled out: at most a few hundred. */
export interface Noticed {
  unread: readonly UnreadSocket[]
  /** Inodes of some connections whose peer closed at least three seconds ago. */
  oldCloseWait: readonly number[]
}

/** Sockets at one moment. All numbers cover only sockets that exist now; a closed socket no longer counts. */
export interface SocketSurvey {
  /** How long the survey took, and thus roughly the time between reading its first and its last socket. */
  seconds: Amount
  listeners: ListeningSocket[]
  ports: PortSockets[]
  /** Sockets by TCP state, without listening sockets. */
  states: Record<string, Count>
  /** Smoothed round-trip times. */
  rtt: Latency
  /** Segments retransmitted in the sockets' lives, sockets with any, and sockets in a timeout now. */
  retransmits: { segments: Count; sockets: Count; inTimeout: Count }
  /** Bytes that the application has not read, and sockets with any. */
  unread: { sockets: Count; bytes: Count }
  /** Bytes that the peer has not acknowledged, and sockets with any. */
  unacknowledged: { sockets: Count; bytes: Count }
  /** Connections without an option: the peer did not offer it, or a SYN cookie lost it. */
  without: { windowScaling: Count; sack: Count; timestamps: Count }
}

/** Largest share of time to spend on surveys, so that a million sockets do not keep a CPU busy. */
export const surveyShare = 0.1

/**
 * Reads every socket with one of these local ends, or all sockets if none is given. The kernel walks through all of its
 * sockets, which takes about 1.5 s for a million, on a thread of the pool.
 * @throws C1mError C1M_SOCK_DIAG_UNAVAILABLE
 */
export async function surveySockets(local: readonly LocalEnd[]): Promise<SocketSurvey> {
  return (await surveyClosely(local)).survey
}

/**
 * The same survey, with the single connections it has singled out.
 * @throws C1mError C1M_SOCK_DIAG_UNAVAILABLE
 */
export async function surveyClosely(
  local: readonly LocalEnd[]
): Promise<{ survey: SocketSurvey; noticed: Noticed }> {
  const began = performance.now()
  const seen = await survey(local, false)
  return {
    survey: surveyOf(seen, (performance.now() - began) / 1000),
    noticed: { unread: seen.unread, oldCloseWait: seen.quietInodes }
  }
}

function surveyOf(
  { listeners, ports, states, figures, roundTrips }: NativeSurvey,
  seconds: number
): SocketSurvey {
  return {
    seconds: Number(seconds.toFixed(4)),
    listeners: listeners.map(listeningSocket),
    ports: ports.map(portSockets),
    states: named(states),
    rtt: inMicroseconds(roundTrips),
    retransmits: {
      segments: figures.retransmits,
      sockets: figures.withRetransmit,
      inTimeout: figures.inTimeout
    },
    unread: { sockets: figures.unread, bytes: figures.unreadBytes },
    unacknowledged: { sockets: figures.unacknowledged, bytes: figures.unacknowledgedBytes },
    without: {
      windowScaling: figures.withoutWindowScaling,
      sack: figures.withoutSack,
      timestamps: figures.withoutTimestamps
    }
  }
}

/**
 * Reads only the listening sockets: takes a tenth of a millisecond, however many other sockets there are.
 * @throws C1mError C1M_SOCK_DIAG_UNAVAILABLE
 */
export async function readListeners(local: readonly LocalEnd[]): Promise<ListeningSocket[]> {
  return (await survey(local, true)).listeners.map(listeningSocket)
}

async function survey(local: readonly LocalEnd[], listenersOnly: boolean): Promise<NativeSurvey> {
  try {
    return await native().surveySockets({ local: [...local], listenersOnly })
  } catch (cause) {
    const { errno, syscall } = cause as { errno?: number; syscall?: string }
    if (errno === undefined) throw cause
    const missing = syscall === 'tcp_diag'
    throw new C1mError(
      'C1M_SOCK_DIAG_UNAVAILABLE',
      missing
        ? 'this kernel cannot list its sockets: it has no tcp_diag'
        : `the kernel would not list its sockets: ${syscall} ${getSystemErrorName(-errno)}`,
      { hint: missing ? 'Load it: modprobe tcp_diag.' : 'Allow netlink sockets (AF_NETLINK).', cause }
    )
  }
}

function listeningSocket({
  address,
  port,
  queued,
  backlog,
  inode,
  drops
}: NativeSurvey['listeners'][number]): ListeningSocket {
  return { address: formatEndpoint(addressOf(address), port), queued, backlog, inode, drops }
}

function portSockets({
  port,
  states,
  synAckRetransmits,
  accepted,
  closeWait,
  quietCloseWait,
  quietCloseWaitUnread,
  windowClosed,
  unanswered,
  longestWaitMs
}: NativeSurvey['ports'][number]): PortSockets {
  return {
    port,
    states: named(states),
    synAckRetransmits,
    accepted,
    closeWait: { sockets: closeWait, old: quietCloseWait, oldUnread: quietCloseWaitUnread },
    windowClosed,
    unanswered,
    longestWaitSeconds: longestWaitMs / 1000
  }
}

function named(states: readonly number[]): Record<string, number> {
  return Object.fromEntries(tcpStates.flatMap((name, i) => (states[i] ? [[name, states[i]]] : [])))
}

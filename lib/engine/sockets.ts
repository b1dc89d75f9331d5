/** The TCP sockets of this network namespace, whoever owns them: sums over what the kernel's sock_diag tells. */

import { getSystemErrorName } from 'node:util'
import { C1mError } from '../base/errors.js'
import type { Amount, Count, Port } from '../base/quantities.js'
import { formatEndpoint } from '../net/address.js'
import { addressOf } from '../net/address_bytes.js'
import { tcpStates } from '../net/tcp_names.js'
import { inMicroseconds, type Latency } from './latency.js'
import { native } from './native.js'
import type { NativeSurvey } from './native_sockets.js'

/** Local ends of sockets: these ports, at this address or at any. */
export interface LocalEnd {
  /** Numeric; a socket bound to any address is taken as well when it listens. */
  address?: string
  firstPort: number
  lastPort: number
}

/** A listening socket. */
export interface ListeningSocket {
  /** `address:port`. */
  address: string
  /** Connections waiting to be accepted. The queue is full with one more than `backlog`. */
  queued: Count
  backlog: Count
  /** Of the socket; /proc/PID/fd names it. */
  inode: Count
  /** SYNs and final ACKs it dropped in its life; null where the kernel does not tell. */
  drops: Count | null
}

/** What serves one listening port. */
export interface PortSockets {
  port: Port
  /** Sockets by TCP state, e.g. `ESTABLISHED`, those waiting to be accepted included. */
  states: Record<string, Count>
  /** SYN-ACKs sent again, of the connections in SYN_RECV now. */
  synAckRetransmits: Count
  /** Connections that a process has accepted and not closed. */
  accepted: Count
  /** Those of them whose peer has closed. */
  closeWait: {
    sockets: Count
    /** Whose peer closed three seconds ago or longer, and of them those whose process has not read the end either. */
    old: Count
    oldUnread: Count
  }
  /** Accepted ones that hold data back because the peer has had no room for it for three seconds or longer. */
  windowClosed: Count
  /** Accepted ones that have sent the same data again four times or more, which takes three seconds. */
  unanswered: Count
  /** For how long, at least, one of those that wait to be accepted has waited; 0 when none does. */
  longestWaitSeconds: Amount
}

/** A connection with bytes that have been unread for a second or longer. */
export interface UnreadSocket {
  /** Names this socket and no other. */
  cookie: string
  port: number
  /** 0 while it waits to be accepted. */
  inode: number
  bytes: number
  /** Bytes the process has read in the connection's life. */
  read: number
}

/** Single connections that a survey noticed: no more of them than a few hundred. */
export interface Noticed {
  unread: readonly UnreadSocket[]
  /** Inodes of some whose peer closed three seconds ago or longer. */
  oldCloseWait: readonly number[]
}

/** Sockets at one moment. All figures are of sockets that exist now: what is closed has taken its own along. */
export interface SocketSurvey {
  /** How long it took, and so about how far apart its first and its last socket are. */
  seconds: Amount
  listeners: ListeningSocket[]
  ports: PortSockets[]
  /** Sockets by TCP state, without the listening ones. */
  states: Record<string, Count>
  /** Smoothed round-trip times. */
  rtt: Latency
  /** Segments sent again in the sockets' lives, sockets with any, and sockets in a timeout now. */
  retransmits: { segments: Count; sockets: Count; inTimeout: Count }
  /** What the application has not read. */
  unread: { sockets: Count; bytes: Count }
  /** What the peer has not acknowledged. */
  unacknowledged: { sockets: Count; bytes: Count }
  /** Connections that lack an option: their peer left it out, or a SYN cookie. */
  without: { windowScaling: Count; sack: Count; timestamps: Count }
}

/** Surveys may take this share of the time, so that a million sockets don't keep a CPU busy. */
export const surveyShare = 0.1

/**
 * Looks at every socket with one of these local ends, or at all. Takes a walk of the kernel through all of its
 * sockets, about 1.5 s for a million, on a thread of its own.
 * @throws C1mError C1M_SOCK_DIAG_UNAVAILABLE
 */
export async function surveySockets(local: readonly LocalEnd[]): Promise<SocketSurvey> {
  return (await surveyClosely(local)).survey
}

/**
 * The same, with what is noticed of single connections.
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
 * The listening sockets alone: a tenth of a millisecond, however many others there are.
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
        ? 'this kernel tells nothing about sockets: it has no tcp_diag'
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

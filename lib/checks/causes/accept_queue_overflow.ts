import { isFull, type ListenerFill } from '../../observe/listener_fill.js'
import { defineCheck, type ExplainContext } from '../context.js'
import { endedBy } from '../endings.js'
import { counterEvidence, fact, failures, figure, inRamp, moved } from '../evidence.js'
import { advice, command, lengthenBacklog, type Remedy, raiseSomaxconn } from '../remedy.js'
import { accountsForLoss, lossSeverity, severityOf } from '../symptoms.js'
import { dataUnacknowledged } from './data_unacknowledged.js'
import { peerClosed } from './peer_closed.js'
import { phantomCount } from './phantom_established.js'
import { synLoss } from './syn_loss.js'
import { synUnanswered } from './syn_unanswered.js'

/** Pause in accepting, in seconds, that a queue should take: a garbage collection, a busy CPU. */
const pauseSeconds = 0.005

/**
 * A listener's accept queue was full: the application accepts too slowly, or asked for too short a queue. The kernel
 * drops SYNs, and final ACKs of handshakes that were under way: tcp_conn_request (net/ipv4/tcp_input.c) and
 * tcp_v4_syn_recv_sock, both ListenOverflows. ListenDrops alone proves nothing, it counts other causes as well. Both are
 * of the whole namespace; `sk_drops` of each listening socket tells whose drops they are (tcp_listendrop).
 */
export const acceptQueueOverflow = defineCheck({
  id: 'accept-queue-overflow',
  rank: 110,
  concerns: 'listener',
  about: {
    summary:
      'The accept queue of a listener is full, because its application accepts connections more slowly than they arrive, or not at all. The kernel drops each further SYN, which the client sends again after a second, or drops the final ACK of a handshake.',
    evidence:
      'The counter ListenOverflows rises, and the listener that is dialed or watched has dropped packets itself (sk_drops, which `ss -ltm` shows as d). In a dial, its drops account for a fifth or more of the lost SYNs. An overflow of another listener on the same host does not count. A plan compares the rate with net.core.somaxconn.',
    remedy:
      'Raise net.core.somaxconn. Have the server accept faster and listen with a longer backlog, and restart it, because a socket keeps the backlog that it began to listen with; all of this is advice. A process that a signal has stopped accepts again after `kill -CONT`.',
    mistakenFor:
      'Packets lost on the way look the same to the client; the drops of the listener tell them apart. A server that has no descriptors left, or that has reached a limit on connections of its own, fills its queue as well: those findings are `peer-descriptor-limit` and `connection-limit`.'
  },

  predict({ facts: { tcp }, needs, peerIsHere }) {
    if (!peerIsHere || tcp.somaxconn === null || needs.ratePerSecond === null) return null
    const lasts = tcp.somaxconn / needs.ratePerSecond
    if (lasts >= pauseSeconds) return null
    return {
      severity: 'warning',
      side: 'server',
      title: `an accept queue of ${figure(tcp.somaxconn)} is full after ${figure(lasts * 1000)} ms without accept at ${figure(needs.ratePerSecond)}/s`,
      evidence: [
        ...fact('net.core.somaxconn', tcp.somaxconn),
        ...fact('needs.ratePerSecond', needs.ratePerSecond)
      ],
      remedy: [raiseSomaxconn],
      events: 1
    }
  },

  explain(context) {
    if (!context.peerIsHere) return null
    // A dropped final ACK shows later: the SYN-ACK comes again, or the connection is reset, while it is held.
    const followUp = hasFollowUp(context)
    const counted = followUp ? context : inRamp(context)
    const { drops, listeners, isTranslated } = overflowOf(counted)
    if (drops <= 0) return null
    if (!followUp && !accountsForLoss(context, drops)) return null
    const { tcp } = context.facts.after
    return {
      severity: followUp ? severityOf(context, drops) : lossSeverity(context, drops),
      side: 'server',
      title: `the accept queue overflowed: ${figure(drops)} SYNs or final ACKs were dropped${describe(listeners, context)}`,
      evidence: [
        ...counterEvidence(counted, 'TcpExt.ListenOverflows', 'TcpExt.ListenDrops', 'TcpExt.EmbryonicRsts'),
        ...fact('net.core.somaxconn', tcp.somaxconn),
        ...listeners.flatMap(evidenceOf),
        ...(isTranslated ? fact('listeners at the target', 0) : [])
      ],
      remedy: remedy(listeners, tcp.somaxconn),
      events: drops,
      explains: [
        synLoss,
        synUnanswered,
        peerClosed,
        // Data on connections that the server does not know is never acknowledged.
        ...(endedBy(context, 'halfOpen').count > 0 ? [dataUnacknowledged] : [])
      ]
    }
  }
})

/** What the listeners of the run, or of the watch, dropped because a queue was full. */
interface Overflow {
  drops: number
  /** Those that did. */
  listeners: readonly ListenerFill[]
  /** Whether nothing listens where the run dials, so that this host translates its connections to another listener. */
  isTranslated: boolean
}

function overflowOf(context: ExplainContext): Overflow {
  const overflows = moved(context, 'TcpExt.ListenOverflows')
  const { listeners, strangers, run } = context
  // Where sockets are not listed, the counter is all there is.
  if (strangers === null && listeners.length === 0)
    return { drops: Math.max(0, overflows), listeners: [], isTranslated: false }
  const isTranslated = listeners.length === 0
  // Nothing refused the connections, and some stand: they end at a listener of another address or port.
  if (isTranslated && (run === null || run.connections.established === 0))
    return { drops: 0, listeners: [], isTranslated }
  const candidates = isTranslated ? (strangers ?? []) : listeners
  const others = Math.max(0, moved(context, 'TcpExt.ListenDrops') - overflows)
  const culprits = candidates.filter((listener) => overflowsOf(listener, others) > 0)
  const drops = culprits.reduce((sum, listener) => sum + overflowsOf(listener, others), 0)
  return { drops: Math.max(0, Math.min(drops, overflows)), listeners: culprits, isTranslated }
}

/**
 * Overflows of one listener, at least: its drops, less those that may have had another cause when its queue was never seen
 * full. Where the kernel does not tell its drops, a full queue has to do.
 */
function overflowsOf(listener: ListenerFill, otherDrops: number): number {
  const { dropped, mostQueued, backlog } = listener
  const wasFull = isFull({ queued: mostQueued, backlog })
  if (dropped === null) return wasFull ? Number.POSITIVE_INFINITY : 0
  return wasFull ? dropped : Math.max(0, dropped - otherDrops)
}

/** Dropped final ACKs show as phantoms, or as resets where tcp_abort_on_overflow asks for them; neither is a lost SYN. */
function hasFollowUp(context: ExplainContext): boolean {
  if (phantomCount(context) > 0) return true
  return context.facts.after.tcp.abortOnOverflow === 1 && failures(context, ['ECONNRESET']).count > 0
}

/** `; 127.0.0.1:80 has 6 waiting at a backlog of 5`, the one with the most drops first. */
function describe(culprits: readonly ListenerFill[], { listeners, strangers }: ExplainContext): string {
  const [first] = culprits.toSorted((a, b) => (b.dropped ?? 0) - (a.dropped ?? 0))
  if (!first) return ''
  const sharing = [...listeners, ...(strangers ?? [])].filter(({ address }) => address === first.address)
  const those = culprits.filter(({ address }) => address === first.address)
  const addresses = new Set(culprits.map(({ address }) => address))
  const who =
    sharing.length > 1
      ? `${figure(those.length)} of ${figure(sharing.length)} listeners at ${first.address}${those.length === 1 ? processOf(first) : ''}`
      : first.address
  const has = isFull(first)
    ? `has ${figure(first.queued)}`
    : first.mostQueued > 0
      ? `had up to ${figure(first.mostQueued)}`
      : 'had connections'
  const more = addresses.size === 1 ? '' : ` and ${figure(addresses.size - 1)} more`
  return `; ${who} ${has} waiting at a backlog of ${figure(first.backlog)}${more}`
}

function processOf({ process }: ListenerFill): string {
  return process ? ` (${process.name}, pid ${process.pid})` : ''
}

function evidenceOf({ address, queued, mostQueued, backlog, dropped, process }: ListenerFill) {
  return [
    ...fact(`listener ${address}`, `${queued} queued, backlog ${backlog}`),
    ...(mostQueued > queued ? fact(`most queued at ${address}`, mostQueued) : []),
    ...fact(`dropped by ${address}`, dropped),
    ...(process ? fact(`process at ${address}`, `${process.name} (pid ${process.pid})`) : []),
    ...(process?.stopped ? fact(`state of pid ${process.pid}`, 'stopped') : [])
  ]
}

/** Bounds of somaxconn before Linux 5.4 and since: a listener with such a backlog may have asked for more. */
const formerSomaxconns = [128, 4096]

const acceptFaster = advice('and accept faster')

/**
 * A backlog is fixed when the socket begins to listen, at what the server asks for or somaxconn at that moment, whichever
 * is smaller.
 */
function remedy(culprits: readonly ListenerFill[], somaxconn: number | null): Remedy[] {
  const raise = [...lengthenBacklog, acceptFaster]
  if (culprits.length === 0) return [command('ss -ltn'), ...raise]
  const stopped = culprits.find(({ process }) => process?.stopped)?.process
  if (stopped)
    return [
      command(`kill -CONT ${stopped.pid}`),
      advice(`${stopped.name} (pid ${stopped.pid}) was stopped by a signal`)
    ]
  const backlog = Math.min(...culprits.map((listener) => listener.backlog))
  if (somaxconn === null || backlog >= somaxconn) return raise
  const restart = formerSomaxconns.includes(backlog)
    ? advice(
        `restart the server: somaxconn is ${somaxconn} now, and the backlog of ${backlog} looks like a somaxconn of before; a socket keeps the backlog it began to listen with`
      )
    : advice(
        `restart the server if somaxconn was below ${somaxconn} when it began to listen: a socket keeps its backlog`
      )
  return [
    restart,
    advice(
      `if its backlog is ${backlog} again, it asks for that: set ${somaxconn} in its configuration (nginx: listen ... backlog=${somaxconn}; Redis: tcp-backlog; HAProxy: bind ... backlog; else listen(fd, ${somaxconn}))`
    ),
    acceptFaster
  ]
}

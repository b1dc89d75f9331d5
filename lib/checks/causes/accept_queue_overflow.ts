import { isFull, type ListenerFill } from '../../observe/listener_fill.js'
import { defineCheck, type ExplainContext } from '../context.js'
import { endedBy } from '../endings.js'
import { counterEvidence, fact, failures, figure, moved } from '../evidence.js'
import { advice, command, lengthenBacklog, type Remedy, raiseSomaxconn } from '../remedy.js'
import { accountsForLoss, severityOf } from '../symptoms.js'
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
 * tcp_v4_syn_recv_sock, both ListenOverflows. ListenDrops alone proves nothing, it counts other causes as well.
 */
export const acceptQueueOverflow = defineCheck({
  id: 'accept-queue-overflow',
  rank: 110,
  concerns: 'listener',

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
    const overflows = moved(context, 'TcpExt.ListenOverflows')
    if (overflows <= 0 || !concernsUs(context, overflows)) return null
    const { tcp } = context.facts.after
    const full = context.listeners.filter(isFull)
    return {
      severity: severityOf(context, overflows),
      side: 'server',
      title: `the accept queue overflowed: ${figure(overflows)} SYNs or final ACKs were dropped${describe(full)}`,
      evidence: [
        ...counterEvidence(context, 'TcpExt.ListenOverflows', 'TcpExt.ListenDrops', 'TcpExt.EmbryonicRsts'),
        ...fact('net.core.somaxconn', tcp.somaxconn),
        ...full.flatMap(({ address, queued, backlog }) =>
          fact(`listener ${address}`, `${queued} queued, backlog ${backlog}`)
        )
      ],
      remedy: remedy(full, tcp.somaxconn),
      events: overflows,
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

/** Dropped SYNs show as loss, dropped ACKs as phantoms, or as resets where tcp_abort_on_overflow asks for them. */
function concernsUs(context: ExplainContext, overflows: number): boolean {
  if (accountsForLoss(context, overflows) || phantomCount(context) > 0) return true
  return context.facts.after.tcp.abortOnOverflow === 1 && failures(context, ['ECONNRESET']).count > 0
}

function describe([first, ...others]: readonly ListenerFill[]): string {
  if (!first) return ''
  const more = others.length === 0 ? '' : ` and ${others.length} more`
  return `; ${first.address} has ${figure(first.queued)} waiting at a backlog of ${figure(first.backlog)}${more}`
}

const acceptFaster = advice('and accept faster')

function remedy(full: readonly ListenerFill[], somaxconn: number | null): Remedy[] {
  const raise = [...lengthenBacklog, acceptFaster]
  if (full.length === 0) return [command('ss -ltn'), ...raise]
  const backlog = Math.min(...full.map((listener) => listener.backlog))
  if (somaxconn === null || backlog >= somaxconn) return raise
  return [
    advice(
      `listen(fd, ${somaxconn}) in the server: it asked for a backlog of ${backlog}, somaxconn allows ${somaxconn}`
    ),
    acceptFaster
  ]
}

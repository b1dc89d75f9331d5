import type { NativeEndCause } from '../../engine/native_endings.js'
import { defineCheck, type ExplainContext } from '../context.js'
import { type Ended, endedBy, exchangeSeverity, inSeconds, shareOfExchanges } from '../endings.js'
import {
  connectionEvidence,
  counterEvidence,
  fact,
  failures,
  figure,
  percent,
  tallyEvidence
} from '../evidence.js'
import { advice, command, type Remedy } from '../remedy.js'
import { severityOf } from '../symptoms.js'
import { forgottenOf } from './idle_connection_forgotten.js'

/** A close this soon follows from what came before, and not from a timeout; a busy host sees it late. */
const atOnceNs = 0.25e9

/**
 * The peer ended connections that were to be held, closed instead of answering, or reset handshakes. When it did so tells
 * a limit, which acts at once, from an idle timeout, which acts after the same time each.
 */
export const peerClosed = defineCheck({
  id: 'peer-closed',
  rank: 190,
  concerns: 'listener',
  tentativeFromAfar: true,
  about: {
    summary:
      'The peer ends connections that the run was to hold, or closes them instead of answering: it has reached a limit, it refuses the client, or an idle timeout of the server, a proxy or a load balancer has passed.',
    evidence:
      'A FIN or RST of the peer, and how long no data had passed in either direction before it, by TCP_INFO. At once on a connection on which nothing was ever received: a limit or a refusal. Right after an answer: a server that keeps no connections. After the same time on every connection: an idle timeout.',
    remedy:
      'Raise the limit or the idle timeout in the configuration of the server, the proxy or the load balancer, or send data within the timeout (`--every`). Where new connections are refused as well, find out why the process of the server ended. These are advice; where handshakes or first data were reset, the `sysctl` line shows whether tcp_abort_on_overflow is set.',
    mistakenFor:
      'A full accept queue (`accept-queue-overflow`), which resets handshakes only where tcp_abort_on_overflow is set. A middlebox that has lost its state, after a restart or a flush: it resets connections that worked before, at their next packet.'
  },

  explain(context) {
    const { run } = context
    if (run === null) return null
    const ended = closesOf(context)
    const inHandshake = failures(context, ['ECONNRESET'], 'connect').count
    const resets = failures(context, ['ECONNRESET', 'EPIPE', 'ECONNABORTED'])
    const events = ended.count + inHandshake
    if (events === 0) return null
    return {
      severity: run.exchange ? exchangeSeverity(context, events) : severityOf(context, events),
      side: 'server',
      title:
        ended.count === 0
          ? `the peer reset ${figure(inHandshake)} handshakes: its accept queue is full and tcp_abort_on_overflow set, or a firewall resets`
          : `${closed(context, ended)}${resetShare(ended)}${when(context, ended)}`,
      evidence: [
        ...connectionEvidence(context, 'closedByPeer', 'established'),
        ...tallyEvidence(resets.tallies),
        ...tallyEvidence(failures(context, ['ENODATA'], 'exchange').tallies),
        ...ended.ends.flatMap(({ cause, count, quietP10Ns, quietP50Ns, quietP90Ns }) =>
          fact(
            `without data before the peer ended ${figure(count)}${isReset(cause) ? ' by reset' : ''}`,
            `p10 ${inSeconds(quietP10Ns)}, p50 ${inSeconds(quietP50Ns)}, p90 ${inSeconds(quietP90Ns)}`
          )
        ),
        ...(run.wrongAnswer && ended.ends.some(({ partial }) => partial > 0)
          ? fact('received before', run.wrongAnswer.received.text)
          : []),
        ...counterEvidence(context, 'Tcp.EstabResets')
      ],
      remedy: remedy(context, ended, inHandshake),
      events
    }
  }
})

const instead: readonly NativeEndCause[] = ['closed', 'reset', 'cutOff']

/** Those that the peer ended, and that were not forgotten on the way. */
function closesOf(context: ExplainContext): Ended {
  const causes = forgottenOf(context)
    ? (['closed', 'reset'] as const)
    : (['closed', 'reset', 'cutOff'] as const)
  return endedBy(context, ...causes, 'heldClosed', 'heldReset')
}

function closed(context: ExplainContext, { ends, count }: Ended): string {
  const { run } = context
  const verb = resetsOf(ends) === count ? 'reset' : 'closed'
  const unanswered = ends.reduce((sum, end) => (instead.includes(end.cause) ? sum + end.count : sum), 0)
  if (unanswered > count / 2)
    return `the peer ${verb} the connection of ${shareOfExchanges(context, count)} instead of answering`
  const held = run?.connections.established ?? 0
  return `the peer ${verb} ${figure(count)} of ${figure(held)} connections (${percent(count / Math.max(1, held))}) that were to be held`
}

function resetShare({ ends, count }: Ended): string {
  const resets = resetsOf(ends)
  return resets === 0 || resets === count ? '' : `, ${figure(resets)} by reset`
}

function resetsOf(ends: Ended['ends']): number {
  return ends.reduce((sum, { cause, count }) => (isReset(cause) ? sum + count : sum), 0)
}

function isReset(cause: NativeEndCause): boolean {
  return cause === 'reset' || cause === 'heldReset' || cause === 'cutOff'
}

/** When most of them ended, and what that means. */
function when(context: ExplainContext, { main }: Ended): string {
  if (main === null) return ''
  const { quietP10Ns, quietP50Ns, quietP90Ns, count } = main
  const worked = main.first < count / 2
  const atOnce = quietP90Ns < atOnceNs
  // A reset out of the blue answers a packet of ours, such as a keepalive probe.
  const answersUs = worked || (!atOnce && (context.scenario?.socketOptions.keepaliveMs ?? null) !== null)
  const by = isReset(main.cause) && answersUs ? ': the peer, or a middlebox that has lost its state' : ''
  if (main.cause === 'cutOff') return `${by}, at the next packet`
  if (context.endings.fresh === 'refused' && !atOnce) {
    // A process that ends sends FIN.
    return isReset(main.cause)
      ? ', and refuses new ones: it has restarted, or a middlebox has lost its state'
      : ', and refuses new ones: its process has ended'
  }
  if (isConstant(main)) return `, each after ${inSeconds(quietP50Ns)} without data${by || timer(context)}`
  if (atOnce && !worked)
    return `, at once: it has reached a limit, ${instead.includes(main.cause) ? 'refuses the client or does not understand the message' : 'or refuses the client'}${said(context, main)}`
  if (atOnce) {
    return `${by}, ${instead.includes(main.cause) ? 'as soon as another message came' : 'right after an answer'}`
  }
  const looksTimed = by === '' && quietP10Ns >= 2 * atOnceNs && quietP90Ns <= 2 * quietP10Ns
  return `${by}, after ${inSeconds(quietP10Ns)} to ${inSeconds(quietP90Ns)} without data${looksTimed ? ', which looks like an idle timeout' : ''}`
}

/** That a timer did it, if it can't have been one moment for all of them: those that began at once are as old as each other. */
function timer({ run, scenario }: ExplainContext): string {
  const apart = (run?.timing.dialSeconds ?? 0) >= 1 || (scenario?.exchange?.everyMs ?? null) !== null
  return `: an idle timeout of the server, a proxy or a balancer${apart ? '' : ', or a restart, for all were opened at the same time'}`
}

/** What it said before. */
function said({ run }: ExplainContext, { partial }: NonNullable<Ended['main']>): string {
  return run?.wrongAnswer && partial > 0 ? `, and says "${run.wrongAnswer.received.text}"` : ''
}

/** Whether so long each that a timer did it: a tenth apart at most, or what a busy host is late. */
function isConstant({ quietP10Ns, quietP50Ns, quietP90Ns }: NonNullable<Ended['main']>): boolean {
  return quietP50Ns >= 2 * atOnceNs && quietP90Ns - quietP10Ns <= Math.max(quietP50Ns / 10, atOnceNs)
}

function remedy({ endings }: ExplainContext, { main, ends }: Ended, inHandshake: number): Remedy[] {
  if (endings.fresh === 'refused') {
    return [
      advice('find out why the process of the server ended: its log, journalctl, or dmesg for the OOM killer')
    ]
  }
  // Data that comes before the server accepts is reset as well, where the kernel refused the final ACK.
  const unheardResets = ends.some(({ cause, unheard }) => isReset(cause) && unheard > 0)
  return [
    main && main.cause !== 'cutOff' && isConstant(main)
      ? advice(
          'raise the idle timeout in the configuration of the server, proxy or balancer, or send within it (--every)'
        )
      : advice("look for a limit on connections or an idle timeout in the server's configuration and log"),
    ...(inHandshake > 0 || unheardResets ? [command('sysctl net.ipv4.tcp_abort_on_overflow')] : [])
  ]
}

import { movedBy } from '../../host/counters.js'
import type { ListenerFill } from '../../observe/listener_fill.js'
import { defineCheck, type ExplainContext, type Verdict } from '../context.js'
import { connectionEvidence, counterEvidence, fact, figure, moved } from '../evidence.js'
import { descriptorShape, plateauOf } from '../plateau.js'
import { advice, command, prlimit, type Remedy } from '../remedy.js'
import { pending, severityOf, timedOut } from '../symptoms.js'
import { acceptQueueOverflow } from './accept_queue_overflow.js'
import { peerClosed } from './peer_closed.js'
import { peerStalled } from './peer_stalled.js'
import { synLoss } from './syn_loss.js'
import { synUnanswered } from './syn_unanswered.js'

/**
 * The server's process has no descriptor left. Most accept no more: connections stop at the limit, the accept queue
 * fills, then SYNs go unanswered. Those on libuv, Node among them, keep a spare one to accept with and close at once
 * (uv__emfile_trick in src/unix/stream.c). With the server in sight its open files prove it; from afar the figure gives
 * it away.
 */
export const peerDescriptorLimit = defineCheck({
  id: 'peer-descriptor-limit',
  rank: 100,
  concerns: 'listener',
  tentativeFromAfar: true,
  explain: (context) => proven(context) ?? guessed(context)
})

const consequences = [acceptQueueOverflow, synUnanswered, synLoss, peerClosed, peerStalled]

/** Descriptors a process may have left when accept(2) already fails: a listener raises them in steps at best. */
const nearlyAll = 2

type Exhausted = ListenerFill & { process: NonNullable<ListenerFill['process']> }

/** A listener whose process has all the files it may have, while connections wait, or come and do not stay. */
function proven(context: ExplainContext): Verdict | null {
  const exhausted = context.listeners.filter(
    (listener): listener is Exhausted =>
      listener.process !== null && listener.process.openFiles >= listener.process.nofileSoft - nearlyAll
  )
  const shed = shedConnections(context)
  const stuck = exhausted.find(({ queued }) => queued > 0) ?? (shed > 0 ? exhausted[0] : undefined)
  if (!stuck) return null
  const { address, queued, process } = stuck
  const overflows = moved(context, 'TcpExt.ListenOverflows')
  const events = queued > 0 ? Math.max(queued, overflows) : shed
  const full = `${process.name} (pid ${process.pid}) has ${figure(process.openFiles)} of ${figure(process.nofileSoft)} descriptors open`
  return {
    severity: severityOf(context, events),
    side: 'server',
    title:
      queued > 0
        ? `${full} and accepts no more at ${address}: ${figure(queued)} connections wait`
        : `${full} and closes what comes to ${address} at once: ${figure(shed)} connections did not stay`,
    evidence: [
      ...fact(`open files of pid ${process.pid}`, process.openFiles),
      ...fact(`RLIMIT_NOFILE of pid ${process.pid}`, process.nofileSoft),
      ...fact(`listener ${address}`, `${queued} queued`),
      ...(queued > 0
        ? []
        : [
            ...connectionEvidence(context, 'closedByPeer'),
            ...counterEvidence(context, 'Tcp.PassiveOpens', 'Tcp.CurrEstab')
          ])
    ],
    remedy: raise(process.pid),
    events,
    explains: consequences
  }
}

/** Connections that did not stay: those the peer closed; beside a server, accepted of late and established no more. */
function shedConnections({ run, deltas, recent = deltas }: ExplainContext): number {
  // In a churn these are the ones that it closed instead of answering.
  if (run !== null) return run.connections.closedByPeer
  const accepted = movedBy(recent, 'Tcp.PassiveOpens')
  return Math.max(0, accepted - Math.max(0, movedBy(recent, 'Tcp.CurrEstab')))
}

/** A plateau of a telling height: 1,013 of 1,024, 524,273 of 524,288. */
function guessed(context: ExplainContext): Verdict | null {
  const { run } = context
  const plateau = run && plateauOf(run)
  const shape = plateau && descriptorShape(plateau.held)
  if (!run || !plateau || !shape || timedOut(run) + pending(run) + run.connections.closedByPeer === 0)
    return null
  const queue = shape.queued === 0 ? '' : ` with a full accept queue of ${figure(shape.queued)}`
  return {
    severity: 'warning',
    side: 'server',
    title: `connections stopped at ${figure(plateau.held)}, the shape of a server's descriptor limit of ${figure(shape.limit)}${queue} (or of its nf_conntrack_max)`,
    evidence: [
      ...fact('series plateau', `${plateau.held} for ${plateau.flatSeconds.toFixed(1)} s`),
      ...fact('connections.requested', run.connections.requested),
      ...fact('handshakes without answer', timedOut(run) + pending(run))
    ],
    remedy: raise('PID'),
    events: timedOut(run) + pending(run),
    explains: [synUnanswered, synLoss]
  }
}

function raise(pid: number | 'PID'): Remedy[] {
  return [
    command(`grep 'open files' /proc/${pid}/limits`),
    prlimit(pid, 1_048_576),
    advice('and for good: LimitNOFILE in its systemd unit, --ulimit nofile for its container')
  ]
}

import { movedBy } from '../../host/counters.js'
import { isExhausted, type ListenerFill } from '../../observe/listener_fill.js'
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
  about: {
    summary:
      'A process of the server has as many descriptors open as it may (EMFILE). Most servers then accept no more: connections wait in the accept queue, and once it is full SYNs go unanswered. Some servers, such as those on libuv, close at once what they cannot keep.',
    evidence:
      'With the server on this host: a process that has the listener open is within two descriptors of its soft RLIMIT_NOFILE, while connections wait or are closed at once. All processes that share the listener are checked, so the finding shows the one worker at its limit. From afar only the number of connections is visible, such as 1,013 of 1,024, while no further handshake was answered: then the finding is a guess, says "looks like" and hides nothing.',
    remedy:
      'Raise the limit of the running process with the `prlimit` line, as root. To keep it after a restart, set LimitNOFILE in the systemd unit or `--ulimit nofile` for the container; this is advice.',
    mistakenFor:
      'A full accept queue (`accept-queue-overflow`), which is its consequence. A limit in the configuration of the server (`connection-limit`), at which descriptors are left. A full connection tracking table or lost packets, which are on the way and not in the process.'
  },
  explain: (context) => proven(context) ?? guessed(context)
})

const consequences = [acceptQueueOverflow, synUnanswered, synLoss, peerClosed, peerStalled]

type Exhausted = ListenerFill & { process: NonNullable<ListenerFill['process']> }

function hasExhausted(listener: ListenerFill): listener is Exhausted {
  return listener.process !== null && isExhausted(listener.process)
}

/** A listener whose process has all the files it may have, while connections wait, or come and do not stay. */
function proven(context: ExplainContext): Verdict | null {
  // Both ends of a self-dial have tables of their own, and what one lacks is an error of the run.
  if (context.scenario?.selfDial) return null
  const exhausted = context.listeners.filter(hasExhausted)
  const shed = shedConnections(context)
  const stuck = exhausted.find(({ queued }) => queued > 0) ?? (shed > 0 ? exhausted[0] : undefined)
  if (!stuck) return null
  const { address, queued, process } = stuck
  // Its own drops; where the kernel does not tell them, those of all listeners.
  const dropped = stuck.dropped ?? moved(context, 'TcpExt.ListenOverflows')
  const events = queued > 0 ? Math.max(queued, dropped) : shed
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
    remedy: raise(process.pid, raised(context, process)),
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

/** A plateau of a telling height: 1,013 of 1,024, 524,273 of 524,288. Of a process in sight the open files tell. */
function guessed(context: ExplainContext): Verdict | null {
  const { run, scenario, listeners } = context
  const plateau = run && plateauOf(run)
  const shape = plateau && descriptorShape(plateau.held)
  if (!run || !plateau || !shape || scenario?.selfDial) return null
  const unanswered = timedOut(run) + pending(run)
  if (unanswered === 0 || listeners.some(({ process }) => process !== null)) return null
  const queue = shape.queued === 0 ? '' : ` with a full accept queue of ${figure(shape.queued)}`
  return {
    severity: 'info',
    side: 'server',
    title: `connections stopped at ${figure(plateau.held)}: this looks like a server's descriptor limit of ${figure(shape.limit)}${queue}`,
    evidence: [
      ...fact('series plateau', `${plateau.held} for ${plateau.flatSeconds.toFixed(1)} s`),
      ...fact('connections.requested', run.connections.requested),
      ...fact('handshakes without answer', unanswered)
    ],
    remedy: raise('PID'),
    events: unanswered,
    guessesAt: [synUnanswered]
  }
}

const ample = 1_048_576

/** The hard limit, when that helps: to raise it takes CAP_SYS_RESOURCE. No limit may be above fs.nr_open. */
function raised({ facts }: ExplainContext, { nofileSoft, nofileHard }: Exhausted['process']): number {
  if (nofileHard >= nofileSoft * 2) return Math.min(nofileHard, ample)
  return Math.min(ample, facts.after.limits.nrOpen ?? ample)
}

function raise(pid: number | 'PID', descriptors = ample): Remedy[] {
  return [
    command(`grep 'open files' /proc/${pid}/limits`),
    prlimit(pid, descriptors),
    advice('and for good: LimitNOFILE in its systemd unit, --ulimit nofile for its container')
  ]
}

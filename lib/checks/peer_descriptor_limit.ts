import type { Check, ExplainContext, ListenerFill, Verdict } from './context.js'
import { fact, figure } from './evidence.js'
import { descriptorShape, plateauOf } from './plateau.js'
import { advice } from './remedy.js'
import { pending, severityOf, timedOut } from './symptoms.js'

/**
 * The server's process has no descriptor left, so it accepts no more: connections stop at its limit, the accept queue
 * fills, then SYNs go unanswered. With the server in sight its open files prove it; from afar the figure gives it away.
 */
export const peerDescriptorLimit: Check = {
  id: 'peer-descriptor-limit',
  explain: (context) => proven(context) ?? guessed(context)
}

const consequences = ['accept-queue-overflow', 'syn-unanswered', 'syn-loss'] as const

/** Descriptors a process may have left when accept(2) already fails: a listener raises them in steps at best. */
const nearlyAll = 2

/** A listener with connections waiting whose process has all the files it may have. */
function proven(context: ExplainContext): Verdict | null {
  const stuck = context.listeners.find(
    ({ queued, process }) => queued > 0 && process && process.openFiles >= process.nofileSoft - nearlyAll
  ) as (ListenerFill & { process: NonNullable<ListenerFill['process']> }) | undefined
  if (!stuck) return null
  const { address, queued, process } = stuck
  const overflows = context.deltas['TcpExt.ListenOverflows']?.delta ?? 0
  const events = Math.max(queued, overflows)
  return {
    severity: severityOf(context, events),
    side: 'server',
    title: `${process.name} (pid ${process.pid}) has ${figure(process.openFiles)} of ${figure(process.nofileSoft)} descriptors open and accepts no more at ${address}: ${figure(queued)} connections wait`,
    evidence: [
      ...fact(`open files of pid ${process.pid}`, process.openFiles),
      ...fact(`RLIMIT_NOFILE of pid ${process.pid}`, process.nofileSoft),
      ...fact(`listener ${address}`, `${queued} queued`)
    ],
    remedy: raise(process.pid),
    events,
    explains: consequences
  }
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
    explains: ['syn-unanswered', 'syn-loss']
  }
}

function raise(pid: number | 'PID'): string[] {
  return [
    `grep 'open files' /proc/${pid}/limits`,
    `prlimit --pid ${pid} --nofile=1048576:1048576`,
    advice('and for good: LimitNOFILE in its systemd unit, --ulimit nofile for its container')
  ]
}

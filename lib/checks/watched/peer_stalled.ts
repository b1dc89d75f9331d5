import { type ListenerFill, portOf } from '../../observe/listener_fill.js'
import type { ServedPort, Stalled } from '../../observe/served_ports.js'
import { acceptQueueOverflow } from '../causes/accept_queue_overflow.js'
import type { ExplainContext, Verdict } from '../context.js'
import { fact, figure } from '../evidence.js'
import { advice, command } from '../remedy.js'
import { isCriticalShare } from '../symptoms.js'

/**
 * The server's process does not read what its clients send: the bytes lie in the receive queues of connections it has
 * accepted, and between two looks three seconds apart it has read none of them.
 */
export function stalledServer({ served, listeners }: ExplainContext): Verdict | null {
  const all = served.flatMap((port) => stallAt(port, listeners))
  const worst = all.toSorted((a, b) => b.unread.sockets - a.unread.sockets)[0]
  if (!worst) return null
  const { port, accepted, process, unread, dropped } = worst
  const who = process ? `${process.name} (pid ${process.pid})` : `the server at port ${port}`
  const does = process?.stopped ? 'is stopped and reads nothing' : 'has read nothing'
  return {
    severity: isCriticalShare(unread.sockets, accepted) ? 'warning' : 'info',
    side: 'server',
    title: `${who} ${does} for ${figure(unread.seconds)} s on ${figure(unread.sockets)} connections at port ${port}: ${figure(unread.bytes)} bytes wait for it`,
    evidence: [
      ...fact(`connections accepted at port ${port}`, accepted),
      ...fact('with unread bytes', unread.sockets),
      ...fact('unread bytes', unread.bytes),
      ...fact('seconds without a read', unread.seconds),
      ...(process ? fact(`state of pid ${process.pid}`, process.stopped ? 'stopped' : 'not stopped') : [])
    ],
    remedy: process?.stopped
      ? [
          command(`kill -CONT ${process.pid}`),
          advice('a signal, such as SIGSTOP, or a debugger has stopped it')
        ]
      : [
          command(process ? `cat /proc/${process.pid}/task/*/wchan` : `ss -tnp '( sport = :${port} )'`),
          advice(
            'find out what keeps the server from reading: a lock, a long computation, a full disk, a backend'
          )
        ],
    events: unread.sockets + (process?.stopped ? dropped : 0),
    ...(process?.stopped && { explains: [acceptQueueOverflow] })
  }
}

/** What lies unread at one port. */
interface Stall {
  port: number
  accepted: number
  process: ListenerFill['process']
  unread: Stalled
  /** What its listeners dropped. */
  dropped: number
}

/**
 * Connections that wait to be accepted count where the process is stopped: else they may be next in a long queue, or
 * beyond a limit of the server.
 */
function stallAt(served: ServedPort, listeners: readonly ListenerFill[]): Stall[] {
  const { port, accepted, stalled, unaccepted, holder: process } = served
  const here = listeners.filter((listener) => portOf(listener) === port)
  const unread = process?.stopped ? sumOf(stalled, unaccepted) : stalled
  const dropped = here.reduce((sum, listener) => sum + (listener.dropped ?? 0), 0)
  return unread.sockets === 0 ? [] : [{ port, accepted, process, unread, dropped }]
}

function sumOf(a: Stalled, b: Stalled): Stalled {
  return {
    sockets: a.sockets + b.sockets,
    bytes: a.bytes + b.bytes,
    seconds: Math.max(a.seconds, b.seconds)
  }
}

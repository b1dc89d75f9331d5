import { isExhausted, type ListenerFill, portOf } from '../../observe/listener_fill.js'
import { defineCheck, type ExplainContext, type Verdict } from '../context.js'
import { connectionEvidence, fact, figure } from '../evidence.js'
import { keptOf, plateauOf, roundShape } from '../plateau.js'
import { advice, command, type Remedy } from '../remedy.js'
import { pending, severityOf, timedOut } from '../symptoms.js'
import { acceptQueueOverflow } from './accept_queue_overflow.js'
import { peerClosed } from './peer_closed.js'
import { synLoss } from './syn_loss.js'
import { synUnanswered } from './syn_unanswered.js'

/**
 * A configured limit on the number of connections is reached: HAProxy's maxconn, nginx's worker_connections, a firewall's
 * connlimit. A server at such a limit takes its listener out of its event loop and sleeps, with descriptors to spare: the
 * accept queue fills, and a longer one would only fill later. Some close what is too many at once (Redis's maxclients).
 */
export const connectionLimit = defineCheck({
  id: 'connection-limit',
  rank: 105,
  concerns: 'listener',
  tentativeFromAfar: true,
  about: {
    summary:
      "The server, or a firewall in front of it, allows no more connections than its configuration says: HAProxy's maxconn, nginx's worker_connections, Redis's maxclients, or connlimit of a firewall. Further connections wait in the accept queue, are never answered, or are closed at once.",
    evidence:
      'With the server on this host: connections wait in the accept queue, and in each look over a second or longer the processes of the server slept in their event loop (/proc/PID/wchan) with descriptors to spare. Only a server that has stopped accepting on purpose does that; a busy, stopped or exhausted one does not. From afar only the number of connections is visible: a round number, such as 1,000, was held while no further handshake was answered. Then the finding is a guess, says "looks like" and hides nothing.',
    remedy:
      'Raise the limit in the configuration of the server, the proxy or the firewall, and restart it. This is advice, because the setting depends on the product. Where the limit is a guess, the `nft`, `iptables-save` and `ss` lines help to find it.',
    mistakenFor:
      'A full accept queue (`accept-queue-overflow`), but a longer backlog only lets more connections wait. A descriptor limit (`peer-descriptor-limit`), which the open files of the process show. Lost packets, which do not stop at a number.'
  },
  explain: (context) => proven(context) ?? guessed(context) ?? keptGuess(context)
})

const consequences = [acceptQueueOverflow, synUnanswered, synLoss, peerClosed]

/** How long the processes of a listener must have slept beside connections that wait. */
const leastSeconds = 1

/** A listener whose processes leave it alone on purpose. */
function proven(context: ExplainContext): Verdict | null {
  const { listeners, served } = context
  const left = listeners.find(({ ignoredSeconds }) => ignoredSeconds >= leastSeconds)
  if (!left?.process) return null
  const { address, queued, backlog, process, dropped } = left
  const accepted = served.find(({ port }) => port === portOf(left))?.accepted ?? null
  const events = Math.max(queued, dropped ?? 0)
  const of = accepted === null ? '' : ` of ${figure(accepted)} connections`
  return {
    severity: severityOf(context, events),
    side: 'server',
    title: `${process.name} (pid ${process.pid}) accepts no more at ${address}, although it has nothing else to do and descriptors to spare: it keeps to a limit${of} of its own, and ${figure(queued)} wait`,
    evidence: [
      ...fact(`listener ${address}`, `${queued} queued, backlog ${backlog}`),
      ...fact(`dropped by ${address}`, dropped),
      ...fact('seconds without accept', left.ignoredSeconds),
      ...fact(`connections accepted at ${address}`, accepted),
      ...fact(`open files of pid ${process.pid}`, process.openFiles),
      ...fact(`RLIMIT_NOFILE of pid ${process.pid}`, process.nofileSoft)
    ],
    remedy: [raiseOwn(process.name)],
    events,
    explains: consequences
  }
}

/** Handshakes that stop at a round number. */
function guessed(context: ExplainContext): Verdict | null {
  const { run, scenario } = context
  const plateau = run && plateauOf(run)
  const shape = plateau && roundShape(plateau.held)
  if (!run || !plateau || !shape || scenario?.selfDial || !looksIdle(context.listeners)) return null
  const unanswered = timedOut(run) + pending(run)
  if (unanswered === 0) return null
  const queue = shape.queued === 0 ? '' : ` with ${figure(shape.queued)} more in a full accept queue`
  return {
    severity: 'info',
    side: 'server',
    title: `connections stopped at ${figure(plateau.held)}: this looks like a limit of ${figure(shape.limit)} connections${queue}: a firewall's connlimit, a proxy's maxconn`,
    evidence: [
      ...fact('series plateau', `${plateau.held} for ${plateau.flatSeconds.toFixed(1)} s`),
      ...connectionEvidence(context, 'requested'),
      ...fact('handshakes without answer', unanswered)
    ],
    remedy: [
      command("nft list ruleset | grep -E 'ct count|connlimit'"),
      command('iptables-save | grep connlimit'),
      raiseAny,
      command('ss -ltn'),
      advice('or the accept queue of the server is that long, and nobody empties it')
    ],
    events: unanswered,
    guessesAt: [synUnanswered]
  }
}

/** A round number of connections that the peer kept, while it closed all others as they came. */
function keptGuess(context: ExplainContext): Verdict | null {
  const { run, scenario } = context
  const kept = run && keptOf(run)
  const shape = kept && roundShape(kept.held)
  if (
    !run ||
    !kept ||
    !shape ||
    shape.queued > 0 ||
    scenario?.selfDial ||
    context.listeners.some(({ process }) => process && isExhausted(process))
  )
    return null
  return {
    severity: 'info',
    side: 'server',
    title: `the peer kept ${figure(kept.held)} connections and closed the others as they came: this looks like a limit of ${figure(shape.limit)} clients`,
    evidence: [
      ...fact('series plateau', `${kept.held} for ${kept.flatSeconds.toFixed(1)} s`),
      ...connectionEvidence(context, 'established', 'closedByPeer')
    ],
    remedy: [raiseAny],
    events: run.connections.closedByPeer,
    guessesAt: [peerClosed]
  }
}

/** Listeners that have neither dropped anything nor let anything wait are not what stopped a run; none: not in sight. */
function looksIdle(listeners: readonly ListenerFill[]): boolean {
  return listeners.every(({ queued, dropped }) => queued === 0 && !dropped)
}

const settings: Record<string, string> = {
  haproxy: 'maxconn, global and of the frontend, in haproxy.cfg',
  nginx: 'worker_connections in nginx.conf',
  'redis-server': 'maxclients in redis.conf'
}

const raiseAny = advice(
  "raise the limit in the configuration of the server, the proxy or the firewall: HAProxy's maxconn, nginx's worker_connections, Redis's maxclients, a `ct count` or connlimit rule"
)

function raiseOwn(name: string): Remedy {
  const setting = settings[name]
  return setting === undefined
    ? advice(
        `raise the limit on connections in the configuration of ${name}; a longer backlog only lets more wait`
      )
    : advice(`raise ${setting}, and restart it; a longer backlog only lets more wait`)
}

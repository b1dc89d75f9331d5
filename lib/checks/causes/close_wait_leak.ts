import type { ServedPort } from '../../observe/served_ports.js'
import { defineCheck } from '../context.js'
import { fact, figure } from '../evidence.js'
import { advice, command } from '../remedy.js'
import { isCriticalShare } from '../symptoms.js'

/** Connections that must be left half closed: one or two may be answered to late, on purpose. */
const least = 3

/**
 * The application does not close connections that its peers have closed: they stay in CLOSE_WAIT, for which the kernel has
 * no timer, and each keeps a descriptor and its memory. Counted are those that a process has and whose peer has sent
 * nothing for three seconds: not the FIN, and no acknowledgement of an answer that is still being sent.
 */
export const closeWaitLeak = defineCheck({
  id: 'close-wait-leak',
  rank: 195,
  concerns: 'listener',
  about: {
    summary:
      'The application of the server does not close connections that its clients have closed. They stay in CLOSE_WAIT until the process closes them or ends, and each keeps a descriptor; once no descriptor is left, the server accepts no more.',
    evidence:
      'Three or more accepted connections are in CLOSE_WAIT and their peers have sent nothing for three seconds or longer, by TCP_INFO of each. Connections that wait to be accepted do not count, nor do those of a stopped process, nor those whose end a busy process has yet to read. The evidence shows the number at the first look and now.',
    remedy:
      'Change the server to close each connection when read(2) returns 0; where it has not read these connections to their end, it must read them first. This is advice: no sysctl shortens CLOSE_WAIT, and a restart only frees the descriptors until the next leak. The `ss` line lists the connections.',
    mistakenFor:
      'TIME_WAIT, which belongs to the side that closed first, needs no process and ends by itself after a minute. A server that is busy closing also has connections in CLOSE_WAIT, but not for seconds.'
  },

  explain({ served, peerIsHere }) {
    if (!peerIsHere) return null
    const leaks = served.filter((port) => leftOpen(port) >= least && !port.holder?.stopped)
    const worst = leaks.toSorted((a, b) => leftOpen(b) - leftOpen(a))[0]
    if (!worst) return null
    const { port, accepted, closeWait, holder } = worst
    const { first, now, old, oldUnread } = closeWait
    const who = holder ? `${holder.name} (pid ${holder.pid})` : `the server at port ${port}`
    const sum = leaks.reduce((total, leak) => total + leak.closeWait.old, 0)
    return {
      severity: isCriticalShare(old, accepted) ? 'warning' : 'info',
      side: 'server',
      title: `${who} does not close ${figure(old)} connections at port ${port} that their peers closed 3 s ago or longer: they stay in CLOSE_WAIT${now > first ? `, ${figure(first)} at first and ${figure(now)} now` : ''}`,
      evidence: [
        { name: `CLOSE_WAIT at port ${port}`, before: first, after: now },
        ...fact('for 3 s or longer', old),
        ...fact('of them with the end read', old - oldUnread),
        ...(holder
          ? [
              ...fact(`open files of pid ${holder.pid}`, holder.openFiles),
              ...fact(`RLIMIT_NOFILE of pid ${holder.pid}`, holder.nofileSoft)
            ]
          : [])
      ],
      remedy: [
        command(`ss -tnp state close-wait '( sport = :${port} )'`),
        advice(
          oldUnread >= old / 2
            ? 'in the server: read from every connection, and close it when read(2) gives 0; most of these it has not read to their end'
            : 'in the server: close the connection when read(2) gives 0; of these it has read the end'
        ),
        advice('until then a restart frees the descriptors')
      ],
      events: sum
    }
  }
})

/** A server that is short of CPU time may still get to the ends that it has not read. */
function leftOpen({ closeWait, holderIsBusy }: ServedPort): number {
  return closeWait.old - (holderIsBusy ? closeWait.oldUnread : 0)
}

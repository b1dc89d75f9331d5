import { defineCheck, type ExplainContext, type Verdict } from '../context.js'
import {
  type Ended,
  endEvidence,
  endedBy,
  exchangeSeverity,
  shareOfExchanges,
  timeoutText
} from '../endings.js'
import { fact, failures, figure, tallyEvidence } from '../evidence.js'
import { advice, command } from '../remedy.js'
import { stalledServer } from '../watched/peer_stalled.js'

/**
 * The kernel of the peer acknowledged all data, and its application did not answer: it is stopped, stuck or too slow, or
 * it waits for something else.
 */
export const peerStalled = defineCheck({
  id: 'peer-stalled',
  rank: 186,
  concerns: 'listener',
  about: {
    summary:
      'Connections are established and the data sent on them arrives, but no answer comes in time. A kernel acknowledges data without its application, so the application is stopped, stuck or overloaded, or waits for more data than it was sent.',
    evidence:
      'TCP_INFO of each exchange that failed, read at that moment: nothing in flight, nothing left to send, and no answer, or only a part of one. Beside the server: accepted connections have unread bytes, of which the process has read none in three seconds or longer, by TCP_INFO of each connection at both looks. The title says so where a signal has stopped the process.',
    remedy:
      'Continue a process that a signal has stopped with `kill -CONT`. Otherwise the `ps`, `ss` and `wchan` lines show where the application waits; what to change there is advice. It is also advice to check that the server expects this message and an answer of this length (`--expect-bytes`), or to allow more time with `--exchange-timeout`.',
    mistakenFor:
      'Packet loss (`data-unacknowledged`): there data is sent again and stays unacknowledged. A peer that does not read (`peer-not-reading`): its window is closed.'
  },
  explain: (context) => (context.run === null ? stalledServer(context) : byDial(context))
})

function byDial(context: ExplainContext): Verdict | null {
  const ended = endedBy(context, 'unanswered', 'unclosed', 'tooSoon')
  if (ended.main === null) return null
  return {
    severity: exchangeSeverity(context, ended.count),
    side: 'server',
    title: title(context, ended),
    evidence: [
      ...endEvidence(ended, 'unacked', 'notSentBytes', 'retransmits', 'rttUs'),
      ...(context.run?.exchange
        ? [
            ...fact('of them after an earlier answer', answeredBefore(ended)),
            ...fact('of them after a part of the answer', partial(ended))
          ]
        : []),
      ...fact('exchange timeout', timeoutText(context)),
      ...tallyEvidence(failures(context, ['ETIMEDOUT'], 'exchange').tallies),
      ...context.listeners.flatMap(({ address, queued }) =>
        queued > 0 ? fact(`listener ${address}`, `${queued} wait to be accepted`) : []
      )
    ],
    remedy: [
      command(
        'ps -o pid,stat,wchan:32,pcpu,comm -p $(pidof SERVER)  # stat T: stopped, D: stuck in the kernel'
      ),
      advice('look into the log of the server, and how busy its threads are'),
      advice(
        'or allow more time with --exchange-timeout; and check that it expects this message, and --expect-bytes this long an answer'
      )
    ],
    events: ended.count
  }
}

function title(context: ExplainContext, ended: Ended): string {
  const { main, count } = ended
  const which = shareOfExchanges(context, count)
  const within = `within ${timeoutText(context)}`
  switch (main?.cause) {
    case 'unclosed':
      return `the peer did not close ${figure(count)} connections ${within}, although it was to close first and has acknowledged all`
    case 'tooSoon':
      return `${which} had no answer ${within}, too short a time to tell a slow peer from a lost packet: the kernel sends one again only after ${Math.round(main.rtoUs / 1000)} ms`
  }
  if (partial(ended) > count / 2) {
    return `${which} got only a part of the answer ${within}: the peer acknowledged all data and sent no more`
  }
  const before = answeredBefore(ended) > count / 2 ? ', although it had answered before' : ''
  return `${which} got no answer ${within}: the kernel of the peer acknowledged all data, its application did not answer${before}`
}

function answeredBefore({ ends }: Ended): number {
  return ends.reduce((sum, { count, first }) => sum + count - first, 0)
}

function partial({ ends }: Ended): number {
  return ends.reduce((sum, end) => sum + end.partial, 0)
}

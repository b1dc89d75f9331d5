import type { ExplainContext, Verdict } from '../context.js'
import { counterEvidence, fact, figure, percent } from '../evidence.js'
import { command } from '../remedy.js'
import { isCriticalShare } from '../symptoms.js'

/** Connections that must be like that: single clients go away without a word all the time. */
const least = 3

/**
 * What the server sends on established connections is not acknowledged: it has sent the same data again four times in a
 * row, which takes three seconds.
 */
export function unansweredByClients(context: ExplainContext): Verdict | null {
  const [worst] = context.served.toSorted((a, b) => b.unanswered - a.unanswered)
  if (!worst || worst.unanswered < least || !isCriticalShare(worst.unanswered, worst.accepted)) return null
  const { port, accepted, unanswered } = worst
  return {
    severity: 'warning',
    side: 'path',
    title: `${figure(unanswered)} of ${figure(accepted)} connections at port ${port} (${percent(unanswered / accepted)}) get no acknowledgement of what they sent 3 s ago or longer, although it was sent again`,
    evidence: [
      ...fact(`connections accepted at port ${port}`, accepted),
      ...fact('without acknowledgement', unanswered),
      ...counterEvidence(context, 'Tcp.RetransSegs')
    ],
    remedy: [
      command(`ss -tnoi state established '( sport = :${port} )'`),
      command(`tcpdump -ni any 'tcp port ${port}'`),
      command('nft list ruleset')
    ],
    events: unanswered
  }
}

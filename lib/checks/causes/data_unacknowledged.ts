import { defineCheck } from '../context.js'
import { counterEvidence, fact, figure, percent } from '../evidence.js'
import { command } from '../remedy.js'
import { isCriticalShare } from '../symptoms.js'

/** Connections that must be like that: single clients go away without a word all the time. */
const least = 3

/**
 * What the server sends on established connections is not acknowledged: it has sent the same data again four times in a
 * row, which takes three seconds.
 */
export const dataUnacknowledged = defineCheck({
  id: 'data-unacknowledged',
  rank: 187,
  concerns: 'path',
  about: {
    summary:
      'What the server sends on established connections does not arrive, or the acknowledgements of it do not: a firewall or a NAT has forgotten the connections, packets of that size are dropped on the way, or the clients are gone without a word.',
    evidence:
      'Beside the server: three or more accepted connections, and a hundredth of all, whose data has been sent again four times in a row, which takes three seconds, by TCP_INFO of each.',
    mistakenFor:
      'A client that does not read acknowledges what it has room for and then closes its window (peer-not-reading). Loss now and then is mended by one repetition.'
  },

  explain(context) {
    if (context.run !== null) return null
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
})

import { defineCheck } from '../context.js'
import { fact, figure, percent } from '../evidence.js'
import { advice, command } from '../remedy.js'
import { isCriticalShare } from '../symptoms.js'

/** Connections that must be like that: a single client may be slow. */
const least = 3

/**
 * Clients do not read what the server sends: their receive windows are closed, and it has asked for room, and sent no data,
 * for three seconds or longer.
 */
export const peerNotReading = defineCheck({
  id: 'peer-not-reading',
  rank: 188,
  concerns: 'path',
  about: {
    summary:
      'The other end acknowledges everything and reads nothing: its receive window is closed, so data waits at the sender, and with it whatever the application sends next.',
    evidence:
      'Beside the server: three or more accepted connections, and a hundredth of all, that probe a closed window (idiag_timer) and have sent no data for three seconds or longer, by TCP_INFO of each.',
    mistakenFor:
      'Lost packets: there the acknowledgements stay away (data-unacknowledged). A slow client opens its window now and then, and is not taken for one that does not read.'
  },

  explain(context) {
    if (context.run !== null) return null
    const [worst] = context.served.toSorted((a, b) => b.windowClosed - a.windowClosed)
    if (!worst || worst.windowClosed < least || !isCriticalShare(worst.windowClosed, worst.accepted))
      return null
    const { port, accepted, windowClosed } = worst
    return {
      severity: 'warning',
      side: 'client',
      title: `the clients of ${figure(windowClosed)} of ${figure(accepted)} connections at port ${port} (${percent(windowClosed / accepted)}) do not read: their windows are closed, and no data could be sent for 3 s`,
      evidence: [
        ...fact(`connections accepted at port ${port}`, accepted),
        ...fact('with a closed window', windowClosed)
      ],
      remedy: [
        command(`ss -tnoi state established '( sport = :${port} )'`),
        advice(
          'in the clients: read; in the server: close connections whose data nobody takes (TCP_USER_TIMEOUT)'
        )
      ],
      events: windowClosed
    }
  }
})

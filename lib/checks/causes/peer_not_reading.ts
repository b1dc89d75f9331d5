import { defineCheck } from '../context.js'
import { endEvidence, endedBy, exchangeSeverity, shareOfExchanges, timeoutText } from '../endings.js'
import { counterEvidence, failures, tallyEvidence } from '../evidence.js'
import { advice, command } from '../remedy.js'
import { clientsNotReading } from '../watched/peer_not_reading.js'

/** The receive window of the peer is closed: its kernel has acknowledged all it has room for, its application reads none. */
export const peerNotReading = defineCheck({
  id: 'peer-not-reading',
  rank: 184,
  concerns: 'listener',
  about: {
    summary:
      'The peer accepts connections but does not read from them. Its receive buffers are full, so its kernel closes the window, and the rest of each message stays at the sender.',
    evidence:
      'TCP_INFO of each exchange that failed, read at that moment: everything sent is acknowledged, bytes are left to send, and the window of the peer has no room for them. Beside the server: three or more accepted connections, and a hundredth of all, probe a closed window (idiag_timer) and have sent no data for three seconds or longer, by TCP_INFO of each.',
    remedy:
      'Find out what the application of the peer waits for, and have it read. In the clients of a watched server: read; in the server: close connections whose data the client does not read (TCP_USER_TIMEOUT). All of these are advice; the `ss` lines show the unread bytes and the connections.',
    mistakenFor:
      'A slow network: there segments are in flight or are sent again. A peer that reads but does not answer (`peer-stalled`): there nothing is left to send.'
  },

  explain(context) {
    if (context.run === null) return clientsNotReading(context)
    const ended = endedBy(context, 'notReading')
    if (ended.main === null) return null
    return {
      severity: exchangeSeverity(context, ended.count),
      side: 'server',
      title: `${shareOfExchanges(context, ended.count)} could not be sent within ${timeoutText(context)}: the peer does not read, its receive window is closed`,
      evidence: [
        ...endEvidence(ended, 'notSentBytes', 'sndWnd', 'unacked', 'retransmits'),
        ...tallyEvidence(failures(context, ['ETIMEDOUT'], 'exchange').tallies),
        ...counterEvidence(context, 'TcpExt.TCPWinProbe')
      ],
      remedy: [
        command('ss -tnm  # on the server: Recv-Q is what its application has not read'),
        advice(
          'find out what the application of the server waits for: is it stopped, or does it wait until its own answer is read?'
        )
      ],
      events: ended.count
    }
  }
})

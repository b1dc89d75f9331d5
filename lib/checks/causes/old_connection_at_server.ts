import type { Severity } from '../../result/finding.js'
import { defineCheck, type ExplainContext, type RunOutcome } from '../context.js'
import { counterEvidence, fact, figure, inRamp, moved } from '../evidence.js'
import { metBy } from '../older_connection.js'
import { advice, command } from '../remedy.js'
import { goalMissed, isCriticalShare } from '../symptoms.js'
import { getThrough } from './time_wait_paws.js'

/**
 * A SYN met an older connection of the same 4-tuple, which the server has not closed: it answers by a challenge ACK
 * (tcp_validate_incoming in net/ipv4/tcp_input.c), the client's RST ends that connection, and the next SYN is accepted. From
 * afar a TIME_WAIT that rejects the SYN looks the same.
 */
export const oldConnectionAtServer = defineCheck({
  id: 'old-connection-at-server',
  rank: 145,
  concerns: 'listener',
  tentativeFromAfar: true,
  about: {
    summary:
      'The server, or a middlebox, still has a connection that the client has forgotten: the client host restarted, another pod got its address, a run was killed and repeated while its FIN and RST were lost, or the server never closes what its clients have closed (CLOSE_WAIT). A SYN with the same 4-tuple is answered with an ACK of the older connection. The client answers with a RST, which ends that connection, and sends its SYN again some 10 ms later; that SYN is accepted. Where the RST is lost, or the connect timeout leaves no time for another SYN, the handshake fails.',
    evidence:
      'TCP_INFO of the handshake shows a segment that arrived and was not a SYN-ACK; a lost SYN brings none. Where the server is in the same network namespace, TcpExt.TCPSYNChallenge counts these SYNs. From afar a connection and its TIME_WAIT look alike, and the title says so.',
    remedy:
      'Have the server detect clients that are gone (SO_KEEPALIVE or a timeout of its own) and close connections that its clients have closed; or dial from other source ports or addresses (`--seed`, `--source-ports`). Where handshakes fail, let the RST of the client pass every firewall and NAT on the way, and allow time for another SYN with `--connect-timeout`. All of these are advice; the `nstat` and `ss` lines show what the server still has.',
    mistakenFor:
      'Lost SYNs, which are sent again after a second and not after some 10 ms. A TIME_WAIT of the older connection at the server (`time-wait-paws`): `nstat -asz TcpExtTCPSYNChallenge TcpExtPAWSTimewait` at the server tells which. Some protections against SYN floods answer every first SYN like this on purpose.'
  },

  explain(context) {
    const { run } = context
    if (run === null) return null
    const { connection, stuck } = metBy(context)
    if (connection === 0 || overtakesItself(context, run, connection, stuck)) return null
    const ramp = inRamp(context)
    const { established, timedOut, pending } = run.staleAnswers
    const syns = connection === 1 ? '1 SYN was' : `${figure(connection)} SYNs were`
    const living = context.peerIsHere && moved(ramp, 'TcpExt.TCPSYNChallenge') >= connection / 2
    const what = living
      ? 'an older connection of their 4-tuple that still lives at the server'
      : 'an older connection of their 4-tuple, or its TIME_WAIT, which the server or a middlebox still has'
    return {
      severity: severityOf(run, connection, stuck),
      side: 'server',
      title:
        stuck === 0
          ? `${syns} not lost but answered by ${what}: once that was reset, the next SYN was accepted`
          : `${syns} answered by ${what}: ${figure(stuck)} of the handshakes got no further`,
      evidence: [
        ...fact('staleAnswers.established', established),
        ...fact('staleAnswers.timedOut', timedOut),
        ...fact('staleAnswers.pending', pending),
        ...counterEvidence(ramp, 'TcpExt.TCPSYNChallenge', 'Tcp.OutRsts', 'TcpExt.TCPSynRetrans')
      ],
      remedy: [
        ...(stuck > 0 ? getThrough(context) : []),
        command('nstat -asz TcpExtTCPSYNChallenge TcpExtPAWSTimewait'),
        command('ss -tan'),
        advice(
          'let the server notice clients that are gone (SO_KEEPALIVE, or a time-out of its own), and close what they have closed (CLOSE-WAIT)'
        ),
        advice('or dial from other source ports or addresses: another --seed, or --source-ports')
      ],
      events: connection
    }
  }
})

/**
 * Whether a churn reused its tuples so fast that some SYNs arrived before the server had closed the previous connection of
 * that tuple. That delays such a handshake by some 10 ms, and the server is not at fault.
 */
function overtakesItself({ scenario }: ExplainContext, run: RunOutcome, met: number, stuck: number): boolean {
  if (scenario === null || !scenario.churn || stuck > 0) return false
  return run.connections.attempted > scenario.tuples && !isCriticalShare(met, run.connections.attempted)
}

/** Handshakes that take longer bend the figures at most; those that fail stop the goal. */
function severityOf(run: RunOutcome, met: number, stuck: number): Severity {
  const { attempted } = run.connections
  if (stuck > 0 && (goalMissed(run) || isCriticalShare(stuck, attempted))) return 'critical'
  return isCriticalShare(met, attempted) ? 'warning' : 'info'
}

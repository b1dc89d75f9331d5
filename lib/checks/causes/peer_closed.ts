import { defineCheck } from '../context.js'
import { connectionEvidence, counterEvidence, failures, figure, percent, tallyEvidence } from '../evidence.js'
import { advice, command } from '../remedy.js'
import { severityOf } from '../symptoms.js'

/**
 * The peer ended connections that were to be held, or reset handshakes. It is the server's application (an idle timeout, a
 * limit on connections) or a middlebox; in the handshake, also a full accept queue with `tcp_abort_on_overflow`.
 */
export const peerClosed = defineCheck({
  id: 'peer-closed',
  rank: 190,
  concerns: 'listener',
  tentativeFromAfar: true,

  explain(context) {
    const { run } = context
    // Connections that are closed and replaced are expected to end, on whichever side.
    if (run === null || run.churn !== null) return null
    const resets = failures(context, ['ECONNRESET', 'EPIPE', 'ECONNABORTED'])
    const inHandshake = failures(context, ['ECONNRESET'], 'connect').count
    const closed = run.connections.closedByPeer
    const events = closed + inHandshake
    if (events === 0) return null
    const held = run.connections.established
    return {
      severity: severityOf(context, events),
      side: 'server',
      title:
        closed === 0
          ? `the peer reset ${figure(inHandshake)} handshakes: its accept queue is full and tcp_abort_on_overflow set, or a firewall resets`
          : `the peer closed ${figure(closed)} of ${figure(held)} connections (${percent(closed / Math.max(1, held))}) that were to be held${resets.count - inHandshake > 0 ? ', some by reset' : ''}`,
      evidence: [
        ...connectionEvidence(context, 'closedByPeer', 'established'),
        ...tallyEvidence(resets.tallies),
        ...counterEvidence(context, 'Tcp.EstabResets')
      ],
      remedy: [
        advice("look for an idle timeout or a limit on connections in the server's configuration and log"),
        command('sysctl net.ipv4.tcp_abort_on_overflow')
      ],
      events
    }
  }
})

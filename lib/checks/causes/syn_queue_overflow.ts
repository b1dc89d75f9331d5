import { defineCheck, type ExplainContext } from '../context.js'
import { counterEvidence, fact, figure, moved } from '../evidence.js'
import { lengthenBacklog, roundUp, sysctl } from '../remedy.js'
import { accountsForLoss, severityOf } from '../symptoms.js'
import { synLoss } from './syn_loss.js'
import { synUnanswered } from './syn_unanswered.js'

/**
 * Half-open connections filled a listener's SYN queue, which is as long as its backlog. With SYN cookies the handshake
 * still works, without them SYNs are dropped; then, and only then, `tcp_max_syn_backlog` binds as well, and dropping for
 * it has no counter but ListenDrops: tcp_conn_request in net/ipv4/tcp_input.c.
 */
export const synQueueOverflow = defineCheck({
  id: 'syn-queue-overflow',
  rank: 120,
  concerns: 'listener',

  explain(context) {
    if (!context.peerIsHere) return null
    const { tcp } = context.facts.after
    const drops = droppedSyns(context)
    const settings = [
      ...fact('net.ipv4.tcp_syncookies', tcp.syncookies),
      ...fact('net.ipv4.tcp_max_syn_backlog', tcp.maxSynBacklog),
      ...fact('net.core.somaxconn', tcp.somaxconn)
    ]
    if (accountsForLoss(context, drops))
      return {
        severity: severityOf(context, drops),
        side: 'server',
        title: `the SYN queue was full and SYN cookies are off: ${figure(drops)} SYNs were dropped`,
        evidence: [...counterEvidence(context, 'TcpExt.TCPReqQFullDrop', 'TcpExt.ListenDrops'), ...settings],
        remedy: [
          sysctl('net.ipv4.tcp_syncookies', 1),
          sysctl('net.ipv4.tcp_max_syn_backlog', Math.max(65536, roundUp((tcp.maxSynBacklog ?? 0) * 2))),
          ...lengthenBacklog
        ],
        events: drops,
        explains: [synLoss, synUnanswered]
      }
    const cookies = moved(context, 'TcpExt.TCPReqQFullDoCookies')
    if (!cookiesMatter(context, cookies)) return null
    return {
      severity: tcp.timestamps === 0 ? 'warning' : 'info',
      side: 'server',
      title:
        `the SYN queue was full: ${figure(cookies)} SYNs were answered with cookies, ` +
        (tcp.timestamps === 0
          ? 'which without timestamps costs those connections SACK and window scaling'
          : 'which keep SACK and window scaling as long as the client sends timestamps'),
      evidence: [
        ...counterEvidence(
          context,
          'TcpExt.TCPReqQFullDoCookies',
          'TcpExt.SyncookiesSent',
          'TcpExt.SyncookiesRecv'
        ),
        ...settings
      ],
      remedy: lengthenBacklog,
      events: cookies
    }
  }
})

function droppedSyns(context: ExplainContext): number {
  const full = moved(context, 'TcpExt.TCPReqQFullDrop')
  if (context.facts.after.tcp.syncookies !== 0) return full
  // The rest of ListenDrops, less what else is known to cause it: a full accept queue, a SYN without a way back.
  const unrouted = moved(context, 'Ip.OutNoRoutes') + moved(context, 'Ip6.OutNoRoutes')
  const rest =
    moved(context, 'TcpExt.ListenDrops') - moved(context, 'TcpExt.ListenOverflows') - full - unrouted
  return full + Math.max(0, rest)
}

/** With tcp_syncookies=2 every SYN is answered with a cookie, full queue or not. A stray one in a run says nothing. */
function cookiesMatter({ facts, run }: ExplainContext, cookies: number): boolean {
  if (cookies <= 0 || facts.after.tcp.syncookies === 2) return false
  return run === null || cookies >= run.connections.attempted / 1000
}

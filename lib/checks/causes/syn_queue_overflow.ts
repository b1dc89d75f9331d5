import type { Evidence } from '../../result/finding.js'
import { defineCheck, type ExplainContext, type Verdict } from '../context.js'
import { counterEvidence, fact, figure, inRamp, moved } from '../evidence.js'
import { dropSeverity, isSynBacklogFull, leastDrops, mayBeIpv6, otherListenDrops } from '../listen_drops.js'
import { advice, lengthenBacklog, type Remedy, roundUp, sysctl } from '../remedy.js'
import { accountsForLoss, isCriticalShare } from '../symptoms.js'
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
  tentativeFromAfar: true,
  about: {
    summary:
      'Half-open connections filled the SYN queue of a listener. With SYN cookies it still answers, but a client without TCP timestamps loses SACK and window scaling; without SYN cookies it drops SYNs.',
    evidence:
      'On the host of the server, TCPReqQFullDrop or TCPReqQFullDoCookies rises; or, without SYN cookies, ListenDrops alone rises, over IPv4 or while half-open connections fill three quarters of tcp_max_syn_backlog. Whether cookies cost options shows on the open connections: on the host of the server while SyncookiesRecv rises, or by the census of a dial that sends no timestamps, which is only a guess.',
    remedy:
      'Set net.ipv4.tcp_syncookies to 1, and raise net.ipv4.tcp_max_syn_backlog and net.core.somaxconn. To listen with a longer backlog and to restart the server is advice. To keep SACK and window scaling, set net.ipv4.tcp_timestamps to 1 at both ends.',
    mistakenFor:
      'A full accept queue (`accept-queue-overflow`), which counts ListenOverflows. A SYN from a source without a route back (`no-route-back`), which counts ListenDrops and, as a rule, OutNoRoutes. A server that has SACK or window scaling turned off, which lacks them on every connection and sends no cookies.'
  },

  explain(given) {
    const context = inRamp(given)
    if (!context.peerIsHere) return guessedCookies(context)
    return dropped(context) ?? cookies(context)
  }
})

/** SYN cookies are off. */
function dropped(context: ExplainContext): Verdict | null {
  const { tcp } = context.facts.after
  const drops = droppedSyns(context)
  if (!accountsForLoss(context, drops)) return null
  return {
    severity: dropSeverity(context, drops),
    side: 'server',
    title: `the SYN queue was full and SYN cookies are off: ${figure(drops)} SYNs were dropped`,
    evidence: [
      ...counterEvidence(context, 'TcpExt.TCPReqQFullDrop', 'TcpExt.ListenDrops'),
      ...fact('half-open connections at most', context.halfOpenPeak ?? null),
      ...settings(context)
    ],
    remedy: [
      sysctl('net.ipv4.tcp_syncookies', 1),
      sysctl('net.ipv4.tcp_max_syn_backlog', Math.max(65536, roundUp((tcp.maxSynBacklog ?? 0) * 2))),
      ...lengthenBacklog
    ],
    events: drops,
    explains: [synLoss, synUnanswered]
  }
}

function droppedSyns(context: ExplainContext): number {
  const full = moved(context, 'TcpExt.TCPReqQFullDrop')
  if (context.facts.after.tcp.syncookies !== 0) return full
  // A run whose listener is here has a way back, and over IPv4 a missing one is counted; otherwise the half-open
  // connections have to be seen.
  const { rest } = otherListenDrops(context)
  const isQueue =
    context.run !== null ||
    isSynBacklogFull(context) === true ||
    (rest >= leastDrops && !mayBeIpv6(context, rest))
  return full + (isQueue ? rest : 0)
}

/** Connections were made by cookies: because the queue was full, or, with tcp_syncookies=2, always. */
function cookies(context: ExplainContext): Verdict | null {
  const { tcp } = context.facts.after
  const always = tcp.syncookies === 2
  const sent = moved(context, 'TcpExt.TCPReqQFullDoCookies')
  const poorer = withoutOptions(context)
  const costs = poorer !== null && isCriticalShare(poorer.affected, poorer.all)
  if (always ? !costs : !cookiesMatter(context, sent)) return null
  const lost = costs
    ? `: ${figure(poorer.affected)} of ${figure(poorer.all)} open connections have neither SACK nor window scaling, because their clients send no timestamps`
    : tcp.timestamps === 0
      ? ', which without timestamps costs those connections SACK and window scaling'
      : ', which keep SACK and window scaling as long as the client sends timestamps'
  return {
    severity: costs || tcp.timestamps === 0 ? 'warning' : 'info',
    side: 'server',
    title: always
      ? `tcp_syncookies=2 answers every SYN with a cookie, however empty the SYN queue${lost}`
      : `the SYN queue was full: ${figure(sent)} SYNs were answered with cookies${lost}`,
    evidence: [
      ...counterEvidence(
        context,
        'TcpExt.TCPReqQFullDoCookies',
        'TcpExt.SyncookiesSent',
        'TcpExt.SyncookiesRecv'
      ),
      ...fact('open connections without SACK and window scaling', costs ? poorer.affected : null),
      ...settings(context)
    ],
    remedy: [...(always ? [sysctl('net.ipv4.tcp_syncookies', 1)] : lengthenBacklog), ...keepOptions(context)],
    events: sent
  }
}

/** A stray one in a run says nothing. */
function cookiesMatter({ run }: ExplainContext, sent: number): boolean {
  return sent > 0 && (run === null || sent >= run.connections.attempted / 1000)
}

/**
 * Open connections of which cookies took both options: as many as lack them, and no more than cookies made. null where
 * nobody looked, or no connection was made by a cookie.
 */
function withoutOptions(context: ExplainContext): { affected: number; all: number } | null {
  const { census, survey } = context
  const made = moved(context, 'TcpExt.SyncookiesRecv')
  const lacking = survey
    ? Math.min(survey.without.sack, survey.without.windowScaling)
    : (census?.withoutOptions ?? 0)
  const affected = Math.min(made, lacking)
  return affected === 0 ? null : { affected, all: survey?.states.ESTABLISHED ?? census?.sockets ?? affected }
}

/**
 * Seen from the client: both options are missing though this host asks for them, and it sends no timestamps, in which a
 * cookie would have kept them. A target with both turned off looks the same.
 */
function guessedCookies({ census, facts: { after } }: ExplainContext): Verdict | null {
  const { timestamps, sack, windowScaling } = after.tcp
  const affected = census?.withoutOptions ?? 0
  if (!census || timestamps !== 0 || sack !== 1 || windowScaling !== 1) return null
  if (affected === 0 || !isCriticalShare(affected, census.sockets)) return null
  return {
    severity: 'info',
    side: 'server',
    title: `${figure(affected)} of ${figure(census.sockets)} connections have neither SACK nor window scaling, and this host sends no timestamps: looks like SYN cookies of the target`,
    evidence: [
      ...fact('open connections without SACK and window scaling', affected),
      ...fact('net.ipv4.tcp_timestamps', timestamps),
      ...fact('net.ipv4.tcp_sack', sack),
      ...fact('net.ipv4.tcp_window_scaling', windowScaling)
    ],
    remedy: [
      sysctl('net.ipv4.tcp_timestamps', 1),
      advice('on the host of the target, which tells whether it is so: c1m-native watch')
    ],
    events: 0
  }
}

function settings({ facts: { after } }: ExplainContext): Evidence[] {
  return [
    ...fact('net.ipv4.tcp_syncookies', after.tcp.syncookies),
    ...fact('net.ipv4.tcp_max_syn_backlog', after.tcp.maxSynBacklog),
    ...fact('net.core.somaxconn', after.tcp.somaxconn)
  ]
}

/** A cookie has room for the options in the timestamp only: net/ipv4/syncookies.c. Both ends must send it. */
function keepOptions({ facts: { after } }: ExplainContext): Remedy[] {
  return after.tcp.timestamps === 0 ? [sysctl('net.ipv4.tcp_timestamps', 1)] : []
}

/** The result of a watch, for a person. */

import { approximateBytes, approximateDurationUs, approximateRate, formatNumber } from '../base/units.js'
import type { SocketSurvey } from '../engine/sockets.js'
import type { DropSummary } from '../observe/drops.js'
import type { ConntrackFill, ListenerPeak, WatchResult, WatchView } from '../watch/watch_result.js'
import { columns } from './columns.js'
import { findingParagraphs } from './finding_text.js'
import { capped, known, listed, page, plural, type Section, sectionLines, span } from './layout.js'
import { type Paint, plain } from './paint.js'
import { foldedPorts, portRuns } from './port_ranges.js'
import { folded, unbounded, wrapped } from './wrap.js'

/** Sites of drops, listeners and counters that are listed; the rest are counted. */
const most = { sites: 8, listeners: 8, counters: 16 }

/** Functions of a call chain that are shown; JSON has them all. */
const mostFunctions = 6

/** The summary of a watch for a person. Ends in a newline. A pure function of the result. */
export function watchReport(result: WatchResult, paint: Paint = plain, width = unbounded): string {
  const { watched, totalSeconds, counters, listeners, findings } = result
  const seconds = totalSeconds || 1
  const rates = Object.fromEntries(
    Object.entries(counters).map(([name, { delta }]) => [name, { delta, perSecond: delta / seconds }])
  )
  const sections: Section[] = [
    ...viewSections(result),
    ['queues', (room) => queueLines(listeners, room)],
    ['counters', (room) => counterLines(rates, room)]
  ]
  const headline = `Watched ${watchedText(watched)} for ${approximateDurationUs(totalSeconds * 1e6)}.`
  return page([
    ...wrapped(headline, width).map((line) => paint('bold', line)),
    '',
    ...sectionLines(sections, paint, width),
    ...findingParagraphs(findings, paint, width)
  ])
}

/** Those in trouble, the fullest first; then the others by address, with ports that look alike as one range. */
function queueLines(listeners: readonly ListenerPeak[], width: number): string[] {
  const share = ({ mostQueued, backlog }: ListenerPeak) => mostQueued / (backlog + 1)
  const isTroubled = (peak: ListenerPeak) => share(peak) >= 0.5 || peak.timesFull > 0 || Boolean(peak.dropped)
  const rows = [
    ...listeners
      .filter(isTroubled)
      .sort((a, b) => share(b) - share(a))
      .map((peak) => [peak.address, queueText([peak])]),
    ...portRuns(
      listeners.filter((peak) => !isTroubled(peak)),
      ({ address }) => address,
      ({ backlog }) => `${backlog}`
    ).map(({ range, members }) => [range, queueText(members)])
  ]
  return capped(rows, most.listeners, (shown) => columns(shown, { width, prose: true }))
}

function queueText(alike: readonly ListenerPeak[]): string {
  const { backlog, timesFull, dropped } = alike[0] as ListenerPeak
  const times = timesFull > 0 ? `, full ${plural(timesFull, 'time')}` : ''
  const drops = dropped ? `, ${plural(dropped, 'packet')} dropped` : ''
  const queued = span(alike.map(({ mostQueued }) => mostQueued))
  return `${queued} of ${formatNumber(backlog)} waiting at most${times}${drops}`
}

/** What is watched, in words. */
export function watchedText(watched: readonly string[]): string {
  if (watched.length === 0) return 'every socket of this network namespace'
  return listed(foldedPorts(watched), 3)
}

/** What a moment and the end of a watch have in common. */
export function viewSections({ sockets, conntrack, drops, unavailable }: WatchView): Section[] {
  return [
    ['sockets', sockets ? socketLines(sockets) : []],
    ['conntrack', conntrack ? conntrackLines(conntrack) : []],
    ['drops', (room) => (drops ? dropLines(drops, room) : [])],
    ['unseen', unavailable]
  ]
}

function socketLines({ states, rtt, retransmits, unread, unacknowledged, without }: SocketSurvey): string[] {
  const counts = Object.entries(states).sort((a, b) => b[1] - a[1])
  const lines = [counts.map(([state, count]) => `${formatNumber(count)} ${state}`).join(', ') || 'none']
  const us = approximateDurationUs
  if (rtt.count > 0) lines.push(`rtt p50 ${us(rtt.p50)}, p99 ${us(rtt.p99)}, max ${us(rtt.max)}`)
  const troubles = []
  if (retransmits.segments > 0)
    troubles.push(
      `${plural(retransmits.segments, 'segment')} sent again on ${formatNumber(retransmits.sockets)}, ${formatNumber(retransmits.inTimeout)} in a timeout now`
    )
  if (unread.sockets > 0)
    troubles.push(`${approximateBytes(unread.bytes)} unread on ${formatNumber(unread.sockets)}`)
  if (unacknowledged.sockets > 0)
    troubles.push(
      `${approximateBytes(unacknowledged.bytes)} not acknowledged on ${formatNumber(unacknowledged.sockets)}`
    )
  if (troubles.length > 0) lines.push(troubles.join('; '))
  const missing = [
    [without.timestamps, 'timestamps'],
    [without.sack, 'SACK'],
    [without.windowScaling, 'window scaling']
  ] as const
  const lacking = missing.flatMap(([count, name]) =>
    count > 0 ? [`${formatNumber(count)} without ${name}`] : []
  )
  if (lacking.length > 0) lines.push(lacking.join(', '))
  return lines
}

/** Whose drops they are is told where it is not just what is watched. */
const scopes = { ends: '', namespace: ' (of this network namespace)', host: ' (of the whole host)' } as const

function dropLines({ sites, packets, lost, scope }: DropSummary, width: number): string[] {
  const missed = lost > 0 ? `, ${formatNumber(lost)} more not seen` : ''
  return [
    ...folded(`${packets === 0 ? 'no packets' : plural(packets, 'packet')}${scopes[scope]}${missed}`, width),
    ...capped(sites, most.sites, (shown) =>
      shown.flatMap(({ reason, packets, chain }) =>
        wrapped(`${formatNumber(packets)} ${reason}  ${chain.slice(0, mostFunctions).join(' < ')}`, width, 2)
      )
    )
  ]
}

/** Nothing to tell of a table that is there but unused. */
function conntrackLines(fill: ConntrackFill): string[] {
  const { entries, max, buckets, dropped, refused, clashed } = fill
  if (entries === 0 && dropped === 0 && refused === 0 && clashed === 0) return []
  const parts = [`${formatNumber(entries)} of ${known(max)} entries`]
  if (buckets) parts.push(`${formatNumber(buckets)} buckets`)
  if (dropped > 0)
    parts.push(`${plural(dropped, 'packet')} dropped${isFull(fill) ? ', the table was full' : ''}`)
  if (refused > 0) parts.push(`${plural(refused, 'packet')} dropped, the hash chains were too long`)
  if (clashed > 0)
    parts.push(`${plural(clashed, 'packet')} dropped, a NAT found no free port or gave one away twice`)
  return [parts.join(', ')]
}

/** A drop is also counted of a packet that tracking refuses; then there is room in the table. */
function isFull({ entries, max }: ConntrackFill): boolean {
  return max === null || entries >= max * 0.9
}

/** Counters that tell of trouble, and the few that tell how busy a server is. */
const notable =
  /Overflow|Drop|Discard|Fail|Abort|Reset|OutRsts|InErrs|Error|Retrans|Timeout|ReqQFull|Syncookies|PAWS|Pressure|Pruned|Challenge|RPFilter|NoRoutes|Backlog|Collaps|SkippedT|PassiveOpens|ActiveOpens|insert_failed|chaintoolong|early_drop|\.drop$|dropped|timeSqueeze|table_fulls|orphan/

/** Lines for counters that are worth one. The most moved first. */
export function counterLines(
  rates: Record<string, { delta: number; perSecond: number }>,
  width = unbounded
): string[] {
  const rows = Object.entries(rates)
    .filter(([name]) => notable.test(name))
    .sort((a, b) => Math.abs(b[1].delta) - Math.abs(a[1].delta))
  return capped(rows, most.counters, (shown) =>
    columns(
      shown.map(([name, { delta, perSecond }]) => [
        name,
        `${delta > 0 ? '+' : ''}${formatNumber(delta)}`,
        approximateRate(Math.max(0, perSecond))
      ]),
      { right: [1, 2], width }
    )
  )
}

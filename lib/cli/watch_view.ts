/** A watched server at one moment, for a person: a page on a terminal, a line elsewhere. */

import { approximateCount, approximateRate, formatNumber } from '../base/units.js'
import type { CounterName } from '../host/counter_names.js'
import { findingLines } from '../report/finding_text.js'
import { capped, columns, type Paint, type Section, sectionLines } from '../report/layout.js'
import { counterLines, viewSections, watchedText } from '../report/watch_text.js'
import type { WatchSnapshot } from '../watch/watch_result.js'

/** Listeners that are shown, the fullest first. */
const mostListeners = 6
const barWidth = 16

/** All that is seen, as a page. */
export function watchPage(snapshot: WatchSnapshot, watched: readonly string[], paint: Paint): string[] {
  const { tSeconds, counters, socketsAgeSeconds, findings } = snapshot
  const age =
    socketsAgeSeconds !== null && socketsAgeSeconds >= 2 ? `, sockets ${socketsAgeSeconds} s ago` : ''
  const sections: Section[] = [
    ['queues', queueLines(snapshot, paint)],
    ...viewSections(snapshot),
    ['counters', counterLines(counters)]
  ]
  return [
    paint('bold', `watching ${watchedText(watched)}, ${Math.floor(tSeconds)} s${age}`),
    ...sectionLines(sections, paint),
    ...findings.flatMap((finding) => findingLines(finding, paint))
  ]
}

/** The same in one line, for logs. */
export function watchLine({ tSeconds, sockets, counters, listeners, drops }: WatchSnapshot): string {
  const parts = [`${Math.round(tSeconds)}s`]
  for (const [state, count] of Object.entries(sockets?.states ?? {})
    .sort((a, b) => b[1] - a[1])
    .slice(0, 3))
    parts.push(`${approximateCount(count)} ${state}`)
  parts.push(
    `${approximateRate(counters['Tcp.PassiveOpens' satisfies CounterName]?.perSecond ?? 0)} accepted`
  )
  const resent = counters['Tcp.RetransSegs' satisfies CounterName]
  if (resent) parts.push(`${approximateRate(resent.perSecond)} sent again`)
  const [fullest] = byFill(listeners)
  if (fullest && fullest.queued > 0)
    parts.push(
      `${formatNumber(fullest.queued)} of ${formatNumber(fullest.backlog)} waiting at ${fullest.address}`
    )
  if (drops && drops.packets > 0) parts.push(`${approximateCount(drops.packets)} packets dropped`)
  return parts.join(', ')
}

function queueLines({ listeners, sockets }: WatchSnapshot, paint: Paint): string[] {
  const ports = new Map(sockets?.ports.map((port) => [port.port, port]))
  return capped(byFill(listeners), mostListeners, (shown) =>
    columns(
      shown.map(({ address, queued, backlog }) => {
        const { ESTABLISHED = 0, SYN_RECV = 0 } = ports.get(Number(address.split(':').at(-1)))?.states ?? {}
        const halfOpen = SYN_RECV > 0 ? `, ${formatNumber(SYN_RECV)} half-open` : ''
        return [
          address,
          `${bar(queued / (backlog + 1), paint)} ${formatNumber(queued)} of ${formatNumber(backlog)} waiting, ${formatNumber(ESTABLISHED)} open${halfOpen}`
        ]
      })
    )
  )
}

/** How full a queue is; 1 and more is full. */
function bar(share: number, paint: Paint): string {
  const filled = Math.round(Math.min(1, share) * barWidth)
  const text = `[${'#'.repeat(filled)}${'.'.repeat(barWidth - filled)}]`
  return share < 0.5 ? text : paint(share < 1 ? 'yellow' : 'red', text)
}

function byFill(listeners: WatchSnapshot['listeners']): WatchSnapshot['listeners'] {
  const fill = ({ queued, backlog }: { queued: number; backlog: number }) => queued / (backlog + 1)
  return [...listeners].sort((a, b) => fill(b) - fill(a))
}

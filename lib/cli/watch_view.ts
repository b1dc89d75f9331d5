/** A watched server at one moment, for a person: a page on a terminal, a line elsewhere. */

import { approximateRate, approximateSeconds, formatNumber } from '../base/units.js'
import type { CounterName } from '../host/counter_names.js'
import { columns } from '../report/columns.js'
import { findingLines } from '../report/finding_text.js'
import { capped, plural, type Section, sectionLines, span } from '../report/layout.js'
import type { Paint } from '../report/paint.js'
import { portRuns } from '../report/port_ranges.js'
import { counterLines, viewSections, watchedText } from '../report/watch_text.js'
import { unbounded, wrapped } from '../report/wrap.js'
import type { WatchSnapshot } from '../watch/watch_result.js'

/** Rows of listeners that are shown, the fullest first. */
const mostListeners = 6
const barWidth = 16

/** All that is seen, as a page for a terminal of so many columns. */
export function watchPage(
  snapshot: WatchSnapshot,
  watched: readonly string[],
  paint: Paint,
  width = unbounded
): string[] {
  const { tSeconds, counters, socketsAgeSeconds, findings } = snapshot
  const age =
    socketsAgeSeconds !== null && socketsAgeSeconds >= 2
      ? `, sockets ${approximateSeconds(socketsAgeSeconds)} ago`
      : ''
  const sections: Section[] = [
    ['queues', (room) => queueLines(snapshot, paint, room)],
    ...viewSections(snapshot),
    ['counters', (room) => counterLines(counters, room)]
  ]
  const head = `watching ${watchedText(watched)}, ${approximateSeconds(Math.floor(tSeconds))}${age}`
  return [
    ...wrapped(head, width).map((line) => paint('bold', line)),
    ...sectionLines(sections, paint, width),
    ...findings.flatMap((finding) => findingLines(finding, paint, width))
  ]
}

/** The same in one line, for logs. */
export function watchLine({ tSeconds, sockets, counters, listeners, drops }: WatchSnapshot): string {
  const parts = [approximateSeconds(tSeconds)]
  for (const [state, count] of Object.entries(sockets?.states ?? {})
    .sort((a, b) => b[1] - a[1])
    .slice(0, 3))
    parts.push(`${formatNumber(count)} ${state}`)
  parts.push(
    `${approximateRate(counters['Tcp.PassiveOpens' satisfies CounterName]?.perSecond ?? 0)} accepted`
  )
  const resent = counters['Tcp.RetransSegs' satisfies CounterName]
  if (resent) parts.push(`${approximateRate(resent.perSecond)} sent again`)
  const [first] = [...listeners].sort((a, b) => fill(b) - fill(a))
  if (first && first.queued > 0)
    parts.push(`${formatNumber(first.queued)} of ${formatNumber(first.backlog)} waiting at ${first.address}`)
  if (drops && drops.packets > 0) parts.push(`${plural(drops.packets, 'packet')} dropped`)
  return parts.join(', ')
}

/** Neighboring ports whose queues look alike share a row: the fullest first, then by address. */
function queueLines({ listeners, sockets }: WatchSnapshot, paint: Paint, width: number): string[] {
  const ports = new Map(sockets?.ports.map(({ port, states }) => [port, states]))
  const rows = portRuns(
    listeners,
    ({ address }) => address,
    (listener) => `${filledOf(fill(listener))} of ${listener.backlog}`
  ).sort((a, b) => filledOf(fullest(b.members)) - filledOf(fullest(a.members)))
  return capped(rows, mostListeners, (shown) =>
    columns(
      shown.map(({ range, members }) => {
        // Several sockets may share a port.
        const numbers = [...new Set(members.map(({ address }) => Number(address.split(':').at(-1))))]
        const open = span(numbers.map((port) => ports.get(port)?.ESTABLISHED ?? 0))
        const each = numbers.length > 1 ? ' each' : ''
        const waiting = numbers.reduce((sum, port) => sum + (ports.get(port)?.SYN_RECV ?? 0), 0)
        const halfOpen = waiting > 0 ? `, ${formatNumber(waiting)} half-open` : ''
        const queued = span(members.map(({ queued }) => queued))
        return [
          range,
          bar(fullest(members), paint),
          `${queued} of ${formatNumber(members[0]?.backlog ?? 0)} waiting, ${open} open${each}${halfOpen}`
        ]
      }),
      { width, prose: true }
    )
  )
}

/** How full the fullest of some queues is. */
function fullest(listeners: readonly WatchSnapshot['listeners'][number][]): number {
  return Math.max(...listeners.map(fill))
}

/** How full a queue is; 1 and more is full. */
function bar(share: number, paint: Paint): string {
  const filled = filledOf(share)
  const text = `[${'#'.repeat(filled)}${'.'.repeat(barWidth - filled)}]`
  return share < 0.5 ? text : paint(share < 1 ? 'yellow' : 'red', text)
}

function filledOf(share: number): number {
  return Math.round(Math.min(1, share) * barWidth)
}

function fill({ queued, backlog }: { queued: number; backlog: number }): number {
  return queued / (backlog + 1)
}

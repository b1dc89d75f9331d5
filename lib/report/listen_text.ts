/** The result of a listener for a person. */

import { approximateBytes, approximateDurationUs, approximateRate, formatNumber } from '../base/units.js'
import type { ListenResult } from '../listen/listen.js'
import { page, type Section, sectionLines } from './layout.js'
import { type Paint, plain } from './paint.js'
import { unbounded } from './wrap.js'

/** What was accepted, and what failed. Ends in a newline. A pure function of the result. */
export function listenReport(result: ListenResult, paint: Paint = plain, width = unbounded): string {
  const { accepted, peak, closedByPeer, bytesReceived, bytesSent, totalSeconds, errors } = result
  const sections: Section[] = [
    [
      'accepted',
      [
        `${formatNumber(accepted)} in ${approximateDurationUs(totalSeconds * 1e6)} (${approximateRate(accepted / totalSeconds)})`
      ]
    ],
    ['peak', [`${formatNumber(peak)} open at once`]],
    ['closed by peer', [formatNumber(closedByPeer)]],
    ['bytes', [`${approximateBytes(bytesReceived)} received, ${approximateBytes(bytesSent)} sent`]]
  ]
  const failures = errors.map(({ phase, code, count }) =>
    paint('red', `${formatNumber(count)} failed: ${phase} ${code}`)
  )
  return page([...sectionLines(sections, paint, width), ...failures])
}

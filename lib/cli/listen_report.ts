/** The result of a listener for a person. */

import { approximateBytes, approximateDurationUs, approximateRate, formatNumber } from '../base/units.js'
import type { ListenResult } from '../listen/listen.js'
import type { Paint } from '../report/text.js'

export function listenReport(result: ListenResult, paint: Paint): string {
  const { accepted, peak, closedByPeer, bytesReceived, bytesSent, totalSeconds, errors } = result
  const rows: [string, string][] = [
    [
      'accepted',
      `${formatNumber(accepted)} in ${approximateDurationUs(totalSeconds * 1e6)} (${approximateRate(accepted / totalSeconds)})`
    ],
    ['peak', `${formatNumber(peak)} open at once`],
    ['closed by peer', formatNumber(closedByPeer)],
    ['bytes', `${approximateBytes(bytesReceived)} received, ${approximateBytes(bytesSent)} sent`]
  ]
  const text = rows.map(([name, value]) => `${name.padEnd(16)}${value}`)
  const failures = errors.map(({ phase, code, count }) =>
    paint('red', `${formatNumber(count)} failed: ${phase} ${code}`)
  )
  return `${[...text, ...failures].join('\n')}\n`
}

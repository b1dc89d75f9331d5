import { approximateBytes, approximateDurationUs, formatNumber } from '../base/units.js'
import type { CensusSummary } from '../result/census_result.js'

/** What is said of an option that not all connections have. */
const optionNames = {
  timestamps: 'timestamps',
  sack: 'SACK',
  windowScaling: 'window scaling'
} as const

/** A census for a person: how fast the connections are, and only then what is not as it should be. */
export function censusLines(census: CensusSummary): string[] {
  const { connections, missing, seconds, states, rtt, minRtt } = census
  const read = `${formatNumber(connections)} read in ${approximateDurationUs(seconds * 1e6)}`
  const others = Object.entries(states).filter(([state]) => state !== 'ESTABLISHED')
  const counts = [
    ...others.map(([state, count]) => `${formatNumber(count)} in ${state}`),
    ...(missing > 0 ? [`${formatNumber(missing)} closed meanwhile`] : [])
  ]
  if (connections === 0) return [[read, ...counts].join(', ')]
  const us = approximateDurationUs
  return [
    [read, ...counts].join(', '),
    `rtt p50 ${us(rtt.p50)}, p99 ${us(rtt.p99)}, max ${us(rtt.max)}; least rtt p50 ${us(minRtt.p50)}`,
    ...exceptions(census)
  ]
}

function exceptions({
  connections,
  options,
  unacknowledged,
  timeouts,
  bytesReceived,
  bytesSent
}: CensusSummary): string[] {
  const parts = []
  for (const [option, name] of Object.entries(optionNames)) {
    const without = connections - options[option as keyof typeof optionNames]
    if (without > 0) parts.push(`${formatNumber(without)} without ${name}`)
  }
  if (unacknowledged > 0) parts.push(`${formatNumber(unacknowledged)} with data not acknowledged`)
  const lines = parts.length > 0 ? [parts.join(', ')] : []
  if (timeouts && timeouts.connections > 0)
    lines.push(
      `${formatNumber(timeouts.total)} retransmission timeouts on ${formatNumber(timeouts.connections)}, the longest ${approximateDurationUs(timeouts.longestMs * 1000)}`
    )
  if (bytesReceived > 0 || bytesSent)
    lines.push(`${approximateBytes(bytesSent ?? 0)} sent, ${approximateBytes(bytesReceived)} received`)
  return lines
}

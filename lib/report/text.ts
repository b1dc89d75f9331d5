import { approximateBytes, approximateDurationUs, approximateRate, formatNumber } from '../base/units.js'
import type { ErrorTally } from '../engine/engine.js'
import type { Latency } from '../engine/latency.js'
import { formatTarget } from '../net/targets.js'
import type { Churn, ConnectLatency, Finding, RunResult, Severity } from '../result/result.js'
import { censusLines } from './census.js'

/** How a part of the report looks. */
export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow'

/** Styles a text, or leaves it alone. */
export type Paint = (style: Style, text: string) => string

const plain: Paint = (_, text) => text

/** A label and the lines beside it. */
type Section = [label: string, lines: string[]]

/** Kinds of failure that are listed; the rest are counted. */
const maxErrors = 8

/** Targets that are named; the rest are counted. */
const maxTargets = 3

/**
 * The summary of a run for a person: what happened in one line, then figures, failures and findings. Ends in a
 * newline. A pure function of the result.
 */
export function textReport(result: RunResult, paint: Paint = plain): string {
  const sections: Section[] = [
    ['connections', [connections(result)]],
    ['failures', failures(result.errors)],
    ['connect', latencies(result.connectLatency)],
    ['exchange', exchange(result)],
    ['churn', churn(result)],
    ['retransmits', retransmits(result)],
    ['census', result.census ? censusLines(result.census) : []],
    ['pacing', pacing(result)],
    ['memory', [memory(result)]],
    ['process', [processUse(result)]],
    // Results of earlier versions do not have it.
    ['missing', result.unavailable ?? []]
  ]
  const labelWidth = Math.max(...sections.map(([label]) => label.length)) + 2
  const lines = sections.flatMap(([label, texts]) =>
    texts.map((text, i) => `${paint('dim', (i === 0 ? label : '').padEnd(labelWidth))}${text}`)
  )
  const findings = result.findings.flatMap((finding) => ['', ...describeFinding(finding, paint)])
  return `${[headline(result, paint), '', ...lines, ...findings].join('\n')}\n`
}

function headline(result: RunResult, paint: Paint): string {
  if (result.churn) return churnHeadline(result, result.churn, paint)
  const { scenario, connections, exchange, timing } = result
  const { requested, attempted, established, failed, closedByPeer } = connections
  const isComplete = established >= requested
  const seconds = (value: number) => approximateDurationUs(value * 1e6)
  const amount = isComplete
    ? `all ${formatNumber(requested)}`
    : `${established === 0 ? 'none' : formatNumber(established)} of ${formatNumber(requested)}`
  const parts = [`Opened ${amount} connections to ${destination(scenario.targets)}`]
  if (established > 0) {
    parts.push(` in ${seconds(timing.dialSeconds)} (${approximateRate(timing.connectsPerSecond)})`)
    if (scenario.holdMs > 0) parts.push(` and held them for ${seconds(timing.holdSeconds)}`)
  }
  const shortfalls = []
  if (failed > 0) shortfalls.push(`${formatNumber(failed)} failed`)
  if (attempted < requested) shortfalls.push(`${formatNumber(requested - attempted)} were not started`)
  if (scenario.holdMs > 0 && closedByPeer > 0) {
    shortfalls.push(
      `the peer closed ${closedByPeer === established ? 'all' : formatNumber(closedByPeer)} of them`
    )
  }
  if (exchange && exchange.failed > 0) shortfalls.push(`${plural(exchange.failed, 'exchange')} failed`)
  if (shortfalls.length > 0) parts.push(`; ${shortfalls.join(', ')}`)
  return paint(
    'bold',
    paint(
      isComplete && shortfalls.length === 0 ? 'green' : established > 0 ? 'yellow' : 'red',
      `${parts.join('')}.`
    )
  )
}

function churnHeadline(
  { scenario, connections, exchange, timing }: RunResult,
  churn: Churn,
  paint: Paint
): string {
  const { transactions, transactionsPerSecond } = churn
  const parts = [
    `Made ${transactions === 0 ? 'no transactions' : plural(transactions, 'transaction')} with ${destination(scenario.targets)}`,
    ` in ${approximateDurationUs(timing.dialSeconds * 1e6)}`
  ]
  if (transactions > 0) parts.push(` (${approximateRate(transactionsPerSecond)})`)
  parts.push(`, ${plural(scenario.connections, 'connection')} at a time`)
  const shortfalls = []
  if (connections.failed > 0) shortfalls.push(`${plural(connections.failed, 'connect')} failed`)
  if (exchange && exchange.failed > 0) shortfalls.push(`${plural(exchange.failed, 'exchange')} failed`)
  if (shortfalls.length > 0) parts.push(`; ${shortfalls.join(', ')}`)
  const style = shortfalls.length === 0 && transactions > 0 ? 'green' : transactions > 0 ? 'yellow' : 'red'
  return paint('bold', paint(style, `${parts.join('')}.`))
}

function destination(targets: RunResult['scenario']['targets']): string {
  if (targets.length === 0) return 'its own listeners'
  const named = targets.slice(0, maxTargets).map(formatTarget).join(', ')
  return targets.length > maxTargets ? `${named} and ${targets.length - maxTargets} more` : named
}

function connections({ connections }: RunResult): string {
  const { established, failed, peak, closedByPeer, skippedPorts } = connections
  const parts = [`${formatNumber(established)} established`, `${formatNumber(failed)} failed`]
  if (peak !== established) parts.push(`${formatNumber(peak)} at the peak`)
  if (closedByPeer > 0) parts.push(`${formatNumber(closedByPeer)} closed by the peer`)
  if (skippedPorts > 0) parts.push(`${plural(skippedPorts, 'port')} skipped`)
  return parts.join(', ')
}

function failures(errors: readonly ErrorTally[]): string[] {
  const rows = errors
    .slice(0, maxErrors)
    .map(({ phase, code, count, example }) => [formatNumber(count), phase, code, example])
  const rest = errors.slice(maxErrors)
  const left = rest.reduce((sum, { count }) => sum + count, 0)
  return rest.length === 0
    ? columns(rows, 'right')
    : [...columns(rows, 'right'), `${formatNumber(left)} of ${plural(rest.length, 'other kind')}`]
}

/** One line, or two when SYNs were sent again: a lost SYN costs a second and hides what the rest took. */
function latencies(latency: ConnectLatency): string[] {
  const { count, withoutSynRetry } = latency
  if (count === 0) return []
  if (withoutSynRetry.count === count || withoutSynRetry.count === 0) return columns([percentiles(latency)])
  return columns([
    [...percentiles(latency), 'all'],
    [...percentiles(withoutSynRetry), 'without SYN retries']
  ])
}

function percentiles({ p50, p90, p99, p999, max }: Latency): string[] {
  return Object.entries({ p50, p90, p99, 'p99.9': p999, max }).map(
    ([name, us]) => `${name} ${approximateDurationUs(us)}`
  )
}

function exchange({ exchange, exchangeLatency }: RunResult): string[] {
  if (!exchange) return []
  const { completed, failed, bytesSent, bytesReceived } = exchange
  const totals = [
    `${formatNumber(completed)} completed`,
    `${formatNumber(failed)} failed`,
    `${approximateBytes(bytesSent)} sent`,
    `${approximateBytes(bytesReceived)} received`
  ]
  return [totals.join(', '), ...(exchangeLatency?.count ? columns([percentiles(exchangeLatency)]) : [])]
}

/** What a churn leaves behind; how much it did is in the headline. */
function churn({ churn }: RunResult): string[] {
  if (!churn) return []
  const { timeWait, tupleRestSeconds } = churn
  const rest =
    tupleRestSeconds === null
      ? 'no 4-tuple used twice'
      : `each 4-tuple rested ${approximateDurationUs(tupleRestSeconds * 1e6)} or longer`
  const count = (value: number | null) => (value === null ? 'unknown' : formatNumber(value))
  return [`TIME_WAIT ${count(timeWait.before)} before, ${count(timeWait.peak)} at the peak; ${rest}`]
}

function retransmits({ retransmits }: RunResult): string[] {
  const { syn, connectionsWithSynRetry, segments, connectionsWithRetransmit } = retransmits
  const parts = []
  if (syn > 0) parts.push(`${plural(syn, 'SYN')} on ${plural(connectionsWithSynRetry, 'connection')}`)
  if (segments)
    parts.push(`${plural(segments, 'segment')} on ${plural(connectionsWithRetransmit ?? 0, 'connection')}`)
  return parts.length > 0 ? [parts.join(', ')] : []
}

function pacing({ pacing }: RunResult): string[] {
  if (!pacing) return []
  const { p50, p99, max } = pacing
  return columns([
    [...Object.entries({ p50, p99, max }).map(([name, us]) => `${name} ${approximateDurationUs(us)}`), 'late']
  ])
}

function memory({ memory }: RunResult): string {
  const each: [number | null, string][] = [
    [memory.nativeBytesPerConnection, 'native per connection'],
    [memory.kernelSlabBytesPerSocket, 'kernel slab per socket']
  ]
  const known = each.flatMap(([bytes, of]) => (bytes === null ? [] : [`${approximateBytes(bytes)} ${of}`]))
  return [`${approximateBytes(memory.processRssBytes)} resident`, ...known].join(', ')
}

function processUse({ process, connections }: RunResult): string {
  const { cpuSeconds, workers, tables, privateTables } = process
  const cpuUs = cpuSeconds * 1e6
  const each =
    connections.attempted > 0
      ? ` (${approximateDurationUs(cpuUs / connections.attempted)} per connection)`
      : ''
  const descriptors = privateTables ? plural(tables, 'descriptor table') : 'one shared descriptor table'
  return `${approximateDurationUs(cpuUs)} CPU${each}, ${plural(workers, 'worker')}, ${descriptors}`
}

const severityStyle: Record<Severity, Style> = { critical: 'red', warning: 'yellow', info: 'bold' }

/** A finding as lines: what it is, what shows it, what mends it. */
export function describeFinding(
  { id, severity, side, title, evidence, remedy }: Finding,
  paint: Paint
): string[] {
  const observed = evidence.map(({ name, before, after }) =>
    before === null ? `${name} ${figure(after)}` : `${name} ${figure(before)} -> ${figure(after)}`
  )
  return [
    `${paint(severityStyle[severity], `${severity}: ${title}`)} ${paint('dim', `(${side}, ${id})`)}`,
    ...observed.map((line) => `  ${line}`),
    ...remedy.map((command) => `  ${paint('dim', 'remedy:')} ${command}`)
  ]
}

function figure(value: number | string): string {
  return typeof value === 'number' ? formatNumber(value) : value
}

function plural(count: number, noun: string): string {
  return `${formatNumber(count)} ${noun}${count === 1 ? '' : 's'}`
}

/** Pads the cells of each column to one width; the first column may be numbers, which align at the right. */
function columns(rows: readonly string[][], first: 'left' | 'right' = 'left'): string[] {
  const widths = rows[0]?.map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0))) ?? []
  return rows.map((row) =>
    row
      .map((cell, i) =>
        i === 0 && first === 'right' ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0)
      )
      .join('  ')
      .trimEnd()
  )
}

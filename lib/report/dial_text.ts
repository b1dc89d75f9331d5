/** The result of a dial, for a person. */

import { approximateBytes, approximateDurationUs, approximateRate, formatNumber } from '../base/units.js'
import type { ErrorTally } from '../engine/engine.js'
import type { Latency } from '../engine/latency.js'
import type { ExchangeFailures, WrongAnswer } from '../result/exchange_result.js'
import type { Churn, ConnectLatency, RunResult } from '../result/result.js'
import { aliveLines } from './alive_text.js'
import { censusLines } from './census_text.js'
import { columns } from './columns.js'
import { destination } from './destination.js'
import { findingParagraphs } from './finding_text.js'
import { headline, known, page, plural, type Section, sectionLines } from './layout.js'
import { type Paint, plain } from './paint.js'
import { targetLines } from './target_text.js'
import { folded, unbounded } from './wrap.js'

/** Kinds of failure that are listed; the rest are counted. */
const maxErrors = 8

/**
 * The summary of a run for a person: what happened in one line, then figures, failures and findings. Ends in a
 * newline. A pure function of the result.
 * @param width columns of the terminal; by default lines are as long as they get
 */
export function dialReport(result: RunResult, paint: Paint = plain, width = unbounded): string {
  const sections: Section[] = [
    ['connections', [connections(result)]],
    ['alive', aliveLines(result)],
    ['failures', (room) => failures(result.errors, room)],
    // Nobody asked for the endpoints of a run's own listeners; results of earlier versions do not have any.
    ['targets', (room) => (result.scenario.selfDial ? [] : targetLines(result.targets ?? [], room))],
    ['connect', (room) => latencies(result.connectLatency, room)],
    ['exchange', (room) => exchange(result, room)],
    ['churn', churn(result)],
    ['retransmits', retransmits(result)],
    ['census', result.census ? censusLines(result.census) : []],
    ['pacing', (room) => pacing(result, room)],
    ['memory', [memory(result)]],
    ['process', [processUse(result)]],
    ['missing', result.unavailable ?? []]
  ]
  return page([
    ...summary(result, paint, width),
    '',
    ...sectionLines(sections, paint, width),
    ...findingParagraphs(result.findings, paint, width)
  ])
}

/** By a signal, by the caller, or because nobody reads what is printed: the target did not end the run. */
const interrupted = 'the run was interrupted'

function summary(result: RunResult, paint: Paint, width: number): string[] {
  if (result.churn) return churnSummary(result, result.churn, paint, width)
  const { scenario, connections, exchange, timing } = result
  const { requested, attempted, established, failed, closedByPeer } = connections
  const isComplete = established >= requested
  const seconds = (value: number) => approximateDurationUs(value * 1e6)
  const amount = isComplete
    ? `all ${formatNumber(requested)}`
    : `${established === 0 ? 'none' : formatNumber(established)} of ${formatNumber(requested)}`
  const parts = [`Opened ${amount} connections to ${destination(scenario)}`]
  if (established > 0) {
    parts.push(` in ${seconds(timing.dialSeconds)} (${approximateRate(timing.connectsPerSecond)})`)
    if (scenario.holdMs > 0 && timing.holdSeconds > 0)
      parts.push(` and held them for ${seconds(timing.holdSeconds)}`)
  }
  const shortfalls = []
  if (result.interrupted) shortfalls.push(interrupted)
  if (failed > 0) shortfalls.push(`${formatNumber(failed)} failed`)
  if (attempted < requested) shortfalls.push(`${formatNumber(requested - attempted)} were not started`)
  if (scenario.holdMs > 0 && closedByPeer > 0) {
    shortfalls.push(
      `the peer closed ${closedByPeer === established ? 'all' : formatNumber(closedByPeer)} of them`
    )
  }
  const disproved = result.alive?.disproved ?? 0
  if (disproved > 0) shortfalls.push(`${formatNumber(disproved)} are not alive`)
  if (exchange && exchange.failed > 0) shortfalls.push(`${plural(exchange.failed, 'exchange')} failed`)
  if (shortfalls.length > 0) parts.push(`; ${shortfalls.join(', ')}`)
  const style = isComplete && shortfalls.length === 0 ? 'green' : established > 0 ? 'yellow' : 'red'
  return headline(style, `${parts.join('')}.`, paint, width)
}

function churnSummary(
  { scenario, connections, exchange, timing, interrupted: isInterrupted }: RunResult,
  churn: Churn,
  paint: Paint,
  width: number
): string[] {
  const { transactions, transactionsPerSecond } = churn
  const parts = [
    `Made ${transactions === 0 ? 'no transactions' : plural(transactions, 'transaction')} with ${destination(scenario)}`,
    ` in ${approximateDurationUs(timing.dialSeconds * 1e6)}`
  ]
  if (transactions > 0) parts.push(` (${approximateRate(transactionsPerSecond)})`)
  parts.push(`, ${plural(scenario.connections, 'connection')} at a time`)
  const shortfalls = []
  if (isInterrupted) shortfalls.push(interrupted)
  if (connections.failed > 0) shortfalls.push(`${plural(connections.failed, 'connect')} failed`)
  if (exchange && exchange.failed > 0) shortfalls.push(`${plural(exchange.failed, 'exchange')} failed`)
  if (churn.endedEarly)
    shortfalls.push('it ended early, because none succeeded for 3s (--keep-going goes on)')
  if (shortfalls.length > 0) parts.push(`; ${shortfalls.join(', ')}`)
  const style = shortfalls.length === 0 && transactions > 0 ? 'green' : transactions > 0 ? 'yellow' : 'red'
  return headline(style, `${parts.join('')}.`, paint, width)
}

function connections({ connections }: RunResult): string {
  const { established, failed, peak, closedByPeer, skippedPorts } = connections
  const parts = [`${formatNumber(established)} established`, `${formatNumber(failed)} failed`]
  if (peak !== established) parts.push(`${formatNumber(peak)} at the peak`)
  if (closedByPeer > 0) parts.push(`${formatNumber(closedByPeer)} closed by the peer`)
  if (skippedPorts > 0) parts.push(`${plural(skippedPorts, 'port')} skipped`)
  return parts.join(', ')
}

function failures(errors: readonly ErrorTally[], width: number): string[] {
  const rows = errors
    .slice(0, maxErrors)
    .map(({ phase, code, count, example }) => [formatNumber(count), phase, code, example])
  const rest = errors.slice(maxErrors)
  const left = rest.reduce((sum, { count }) => sum + count, 0)
  const lines = columns(rows, { right: [0], width })
  return rest.length === 0
    ? lines
    : [...lines, `${formatNumber(left)} of ${plural(rest.length, 'other kind')}`]
}

/** One line, or two when SYNs were sent again: a lost SYN costs a second and hides what the rest took. */
function latencies(latency: ConnectLatency, width: number): string[] {
  const { count, withoutSynRetry } = latency
  if (count === 0) return []
  if (withoutSynRetry.count === count || withoutSynRetry.count === 0)
    return columns([percentiles(latency)], { width })
  return columns(
    [
      [...percentiles(latency), 'all'],
      [...percentiles(withoutSynRetry), 'without SYN retries']
    ],
    { width }
  )
}

function percentiles({ p50, p90, p99, p999, max }: Latency): string[] {
  return Object.entries({ p50, p90, p99, 'p99.9': p999, max }).map(
    ([name, us]) => `${name} ${approximateDurationUs(us)}`
  )
}

function exchange({ exchange, exchangeLatency, wrongAnswer }: RunResult, width: number): string[] {
  if (!exchange) return []
  const { completed, failed, failures, bytesSent, bytesReceived } = exchange
  const totals = [
    `${formatNumber(completed)} completed`,
    `${formatNumber(failed)} failed${kinds(failures)}`,
    `${approximateBytes(bytesSent)} sent`,
    `${approximateBytes(bytesReceived)} received`
  ]
  return [
    ...folded(totals.join(', '), width),
    ...(exchangeLatency?.count ? columns([percentiles(exchangeLatency)], { width }) : []),
    // Results of earlier versions do not have it.
    ...(wrongAnswer ? answers(wrongAnswer, width) : [])
  ]
}

const failureNames: Record<keyof ExchangeFailures, string> = {
  unacknowledged: 'not acknowledged',
  unanswered: 'not answered',
  peerNotReading: 'not read',
  wrong: 'answered otherwise',
  closed: 'closed instead',
  reset: 'reset instead',
  other: 'otherwise'
}

/** ` (90 not answered, 10 closed instead)`, when any failed. Results of earlier versions do not tell them apart. */
function kinds(failures: ExchangeFailures | undefined): string {
  const some = (Object.keys(failureNames) as (keyof ExchangeFailures)[]).flatMap((name) =>
    failures && failures[name] > 0 ? [`${formatNumber(failures[name])} ${failureNames[name]}`] : []
  )
  return some.length === 0 ? '' : ` (${some.join(', ')})`
}

/** One answer beside what was expected. */
function answers({ connection, offset, expected, received }: WrongAnswer, width: number): string[] {
  const where = offset === 0 ? '' : `, from byte ${formatNumber(offset)} on`
  return columns(
    [
      ...(expected ? [['expected', `"${expected.text}"`]] : []),
      ['received', `"${received.text}"`, `${connection}${where}`]
    ],
    { width }
  )
}

/** What a churn leaves behind; how much it did is in the headline. */
function churn({ churn }: RunResult): string[] {
  if (!churn) return []
  const { timeWait, tupleRestSeconds } = churn
  const rest =
    tupleRestSeconds === null
      ? 'no 4-tuple used twice'
      : `each 4-tuple rested ${approximateDurationUs(tupleRestSeconds * 1e6)} or longer`
  return [`TIME_WAIT ${known(timeWait.before)} before, ${known(timeWait.peak)} at the peak; ${rest}`]
}

function retransmits({ retransmits, staleAnswers }: RunResult): string[] {
  const { syn, connectionsWithSynRetry, segments, connectionsWithRetransmit } = retransmits
  const parts = []
  if (syn > 0) {
    // Results of earlier versions do not have it.
    const stale = staleAnswers?.established ?? 0
    const older = stale > 0 ? ` (${formatNumber(stale)} answered by an older connection)` : ''
    parts.push(`${plural(syn, 'SYN')} on ${plural(connectionsWithSynRetry, 'connection')}${older}`)
  }
  if (segments)
    parts.push(`${plural(segments, 'segment')} on ${plural(connectionsWithRetransmit ?? 0, 'connection')}`)
  return parts.length > 0 ? [parts.join(', ')] : []
}

function pacing({ pacing }: RunResult, width: number): string[] {
  if (!pacing) return []
  const { p50, p99, max } = pacing
  const late = Object.entries({ p50, p99, max }).map(([name, us]) => `${name} ${approximateDurationUs(us)}`)
  return columns([[...late, 'late']], { width })
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

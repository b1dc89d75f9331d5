/** Connections whose SYN was sent again: whether one was lost, or its answer only came late. */
import { classifyLatencies, looksLikeSynLoss, synRetrySchedule, type Tooth } from '../host/syn_retry_comb.js'
import type { ExplainContext } from './context.js'
import { retriedForLoss } from './stale_answers.js'

/** Connections with a repeated SYN, each in one of these; without those whose SYN met an older connection. */
export interface RepeatedSyns {
  /** A SYN was lost, or the answer to it. */
  lost: number
  /** The first SYN was answered, after the kernel had sent another. */
  late: number
  /** One of the two: every connection took more than a second, and no TCP timestamps tell which SYN was answered. */
  unclear: number
  /** Where latencies gather that lost SYNs explain; empty when they do not. */
  teeth: readonly Tooth[]
  /** The middle one of the latencies beyond a second, in seconds; null without any. */
  slowSeconds: number | null
}

/** TCP_TIMEOUT_INIT, include/net/tcp.h. */
const firstRepeatUs = 1e6

/** The latencies are those of a histogram, and half a bucket off. */
const histogramSlack = 0.9

/**
 * Sorts them by what the answers echo, which tells a lost SYN from a late answer. A server whose SYN-ACK was lost echoes the
 * first SYN as well (tcp_check_req in net/ipv4/tcp_minisocks.c); then the latencies gather on the teeth of the retries.
 */
export function repeatedSyns(context: ExplainContext): RepeatedSyns {
  const { run, latencies } = context
  const none: RepeatedSyns = { lost: 0, late: 0, unclear: 0, teeth: [], slowSeconds: null }
  const retried = retriedForLoss(context)
  if (run === null || retried === 0) return none
  const { firstSynAnswered, repeatedSynAnswered } = run.retransmits
  const untold = Math.max(0, retried - firstSynAnswered - repeatedSynAnswered)
  const undisturbed = run.connectLatency.withoutSynRetry
  const shortestUs = latencies[0]?.us ?? 0
  const leastUs = undisturbed.count > 0 ? Math.min(shortestUs, undisturbed.p50) : shortestUs
  const comb = classifyLatencies(
    latencies,
    scheduleOf(context),
    undisturbed.count > 0 ? undisturbed.p50 : leastUs,
    leastUs * histogramSlack
  )
  const gathers = looksLikeSynLoss(comb)
  const onTeeth = comb.teeth.reduce((sum, { count }) => sum + count, 0)
  const answersLost = gathers ? within(onTeeth - repeatedSynAnswered, firstSynAnswered) : 0
  const late = firstSynAnswered - answersLost
  const told = { lost: repeatedSynAnswered + answersLost, late }
  const rest = {
    teeth: gathers ? comb.teeth : [],
    slowSeconds: medianSeconds(latencies.filter(({ us }) => us >= firstRepeatUs))
  }
  if (undisturbed.count === 0 && leastUs >= firstRepeatUs) {
    const untoldLost = gathers ? within(onTeeth - told.lost, untold) : 0
    return { lost: told.lost + untoldLost, late, unclear: untold - untoldLost, ...rest }
  }
  const untoldLate = gathers ? 0 : within(comb.between - late, untold)
  return { lost: told.lost + untold - untoldLate, late: late + untoldLate, unclear: 0, ...rest }
}

function scheduleOf({ scenario, facts }: ExplainContext) {
  return synRetrySchedule({
    retries: scenario?.synRetries || (facts.before.tcp.synRetries ?? 6),
    linearTimeouts: facts.before.tcp.synLinearTimeouts
  })
}

const within = (value: number, most: number) => Math.min(most, Math.max(0, value))

function medianSeconds(latencies: ExplainContext['latencies']): number | null {
  const half = latencies.reduce((sum, { count }) => sum + count, 0) / 2
  let passed = 0
  for (const { us, count } of latencies) {
    passed += count
    if (passed >= half) return us / 1e6
  }
  return null
}

/**
 * When the kernel retransmits a SYN, and how that shows in connect latencies. A lost SYN adds a fixed delay, so latencies
 * cluster at a few moments, the teeth of a comb. A slow server spreads them.
 */

/** The settings that determine the schedule. */
export interface RetrySettings {
  /** `tcp_syn_retries`, or TCP_SYNCNT of the socket. Default 6. */
  retries?: number
  /** `tcp_syn_linear_timeouts`: null or 0 before kernel 6.5, where the timeout doubles from the start. */
  linearTimeouts: number | null
}

/** TCP_TIMEOUT_INIT and TCP_RTO_MAX of include/net/tcp.h, in seconds; RFC 6298. Six doublings lie between them. */
const initialSeconds = 1
const maximumSeconds = 120

/** Moments in seconds after the first SYN. */
export interface RetrySchedule {
  /** When each retransmitted SYN is sent: 1, 2, 3, 4, 5, 7, 11, ... or 1, 3, 7, 15, ... */
  retries: number[]
  /** When connect(2) fails with ETIMEDOUT: 131 or 127 by default. */
  giveUp: number
}

/**
 * The schedule of tcp_retransmit_timer and tcp_write_timeout (net/ipv4/tcp_timer.c). The timeout doubles only after more
 * than `linearTimeouts` SYNs were retransmitted, which are allowed in addition to `retries`. But connect(2) also gives up
 * once the time that `retries` doubling timeouts would have taken is over (retransmits_timed_out), so a TCP_SYNCNT of 1
 * means 3 seconds on every kernel. Timers fire up to a tenth late.
 */
export function synRetrySchedule({ retries = 6, linearTimeouts }: RetrySettings): RetrySchedule {
  const linear = linearTimeouts ?? 0
  const modelled = 2 ** (Math.min(retries, 6) + 1) - 1 + Math.max(0, retries - 6) * maximumSeconds
  const moments: number[] = []
  let timeout = initialSeconds
  for (let now = timeout; ; now += timeout) {
    if (moments.length >= retries + linear || now >= modelled) return { retries: moments, giveUp: now }
    moments.push(now)
    if (moments.length > linear) timeout = Math.min(timeout * 2, maximumSeconds)
  }
}

/** A latency and the number of connections with it. */
export interface LatencyCount {
  us: number
  count: number
}

/** Connections established after their `retries`-th retransmitted SYN. */
export interface Tooth {
  retries: number
  atSeconds: number
  count: number
}

/** Connect latencies compared with a retry schedule. */
export interface Comb {
  /** Connections established before a SYN could have been retransmitted. */
  beforeFirstRetry: number
  /** Connections whose latency matches a retry; teeth without connections are left out. */
  teeth: Tooth[]
  /** Connections later than the first tooth that match no tooth: a slow answer, not a lost SYN. */
  between: number
}

/** Width of a tooth: timers round up (10 % at one second, 4 % at eleven), and the answer takes a round trip. */
const lateSeconds = 0.15
const lateShare = 0.07

/**
 * Sorts connect latencies into the teeth of `schedule`.
 * @param roundTripUs latency of an undisturbed handshake, by which every tooth is late
 * @param leastRoundTripUs smallest possible round trip: an answer sooner after a retry does not answer that retry
 */
export function classifyLatencies(
  latencies: readonly LatencyCount[],
  schedule: RetrySchedule,
  roundTripUs = 0,
  leastRoundTripUs = 0
): Comb {
  const comb: Comb = { beforeFirstRetry: 0, teeth: [], between: 0 }
  const counts = new Array<number>(schedule.retries.length).fill(0)
  for (const { us, count } of latencies) {
    const seconds = us / 1e6
    const tooth = schedule.retries.findLastIndex((moment) => moment + leastRoundTripUs / 1e6 <= seconds)
    const moment = schedule.retries[tooth]
    if (moment === undefined) comb.beforeFirstRetry += count
    else if (seconds - moment <= lateSeconds + moment * lateShare + roundTripUs / 1e6)
      counts[tooth] = (counts[tooth] ?? 0) + count
    else comb.between += count
  }
  for (const [tooth, count] of counts.entries())
    if (count > 0) comb.teeth.push({ retries: tooth + 1, atSeconds: schedule.retries[tooth] ?? 0, count })
  return comb
}

/** Whether most of the slow connections match a tooth: then SYNs were lost, and the server is not slow. */
export function looksLikeSynLoss({ teeth, between }: Comb): boolean {
  const onTeeth = teeth.reduce((sum, { count }) => sum + count, 0)
  return onTeeth > 0 && onTeeth >= 4 * between
}

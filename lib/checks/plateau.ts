import type { SeriesPoint } from '../result/result.js'
import type { RunOutcome } from './context.js'
import { goalMissed } from './symptoms.js'

/** Where the number of connections stopped, short of what was asked for. */
export interface Plateau {
  /** Most connections held. */
  held: number
  /** For how long no more came, while the run went on dialing. */
  flatSeconds: number
}

/** What a plateau must last: the kernel repeats a SYN after a second, and it must have had no answer either. */
const leastSeconds = 1.2
const leastShare = 0.25

/** On a plateau the connections stay within this share of the most: single ones may close and come again. */
const levelShare = 0.998

/**
 * Of the handshakes without answer so many may have failed before, and as many of the others may have needed a second SYN.
 * Lost packets spread over the run, and repeated SYNs get through: at a limit none does.
 */
const strayShare = 0.05

/**
 * The plateau a run ended on: from some moment on no handshake succeeded any more, while many were tried. Null when the
 * run reached its goal, was still getting on, or failed now and then all along, as by lost packets.
 */
export function plateauOf(run: RunOutcome): Plateau | null {
  const dialed = run.timing.dialSeconds
  const points = run.series.filter(({ tSeconds }) => tSeconds <= dialed)
  const last = points.at(-1)
  if (!goalMissed(run) || !last) return null
  const held = mostOf(points)
  const reached = points.find(({ established }) => established >= held * levelShare)
  if (!reached || held === 0 || last.established < held * levelShare) return null
  const { attempted, established } = run.connections
  const strays = (attempted - established) * strayShare
  if (run.retransmits.connectionsWithSynRetry > strays || reached.failed > strays) return null
  const flatSeconds = last.tSeconds - reached.tSeconds
  return flatSeconds >= Math.max(leastSeconds, dialed * leastShare) ? { held, flatSeconds } : null
}

/** For how long more connections than a peer keeps may be open: it may close a burst of them one by one. */
const mostAboveSeconds = 1

/**
 * How many connections the peer kept, when it closed all others as soon as they came: the same number stood to the end.
 * One that closes them later, at once or one by one, has another reason.
 */
export function keptOf({ connections, churn, series }: RunOutcome): Plateau | null {
  const { established, closedByPeer } = connections
  const held = established - closedByPeer
  if (churn !== null || closedByPeer === 0 || held <= 0) return null
  const reached = series.find((point) => point.established >= held)
  const lastAbove = series.findLast((point) => point.established > held)
  const last = series.at(-1)
  if (!reached || last?.established !== held) return null
  const settled = lastAbove ?? reached
  const flatSeconds = last.tSeconds - settled.tSeconds
  if (settled.tSeconds - reached.tSeconds > mostAboveSeconds || flatSeconds < leastSeconds) return null
  return { held, flatSeconds }
}

function mostOf(points: readonly SeriesPoint[]): number {
  return points.reduce((most, { established }) => Math.max(most, established), 0)
}

/**
 * Accept queues that common servers leave full behind them when they can take no more: none, and one more than the
 * backlogs 128 (old somaxconn), 511 (nginx, Redis, Node) and 4096 (somaxconn).
 */
const queues = [0, 129, 512, 4097]

/** Soft limits on descriptors that hosts come with: of a shell, of an old service, of containers, of systemd. */
const descriptorLimits = [1024, 2048, 4096, 8192, 16_384, 32_768, 65_536, 262_144, 524_288, 1_048_576]

/** Descriptors a server has open beside its connections. */
const mostOther = 32
const leastOther = 3

/** A limit the figure points to, and the connections that seem to wait in an accept queue beyond it. */
export interface LimitShape {
  limit: number
  queued: number
}

/** A limit on descriptors, with those a server has open beside its connections. */
export type DescriptorShape = LimitShape & { others: number }

/** Reads a plateau as a peer's descriptor limit, from 1,024 on; null when it has not that shape, or is a round number. */
export function descriptorShape(held: number): DescriptorShape | null {
  if (roundShape(held)) return null
  for (const queued of queues)
    for (const limit of descriptorLimits) {
      const others = limit - (held - queued)
      if (others >= leastOther && others <= mostOther) return { limit, others, queued }
    }
  return null
}

/** Limits that people write: 100, 1,500, 20,000, and powers of two. */
const tens = (factors: readonly number[]) =>
  [2, 3, 4, 5].flatMap((power) => factors.map((factor) => factor * 10 ** power)).concat(1_000_000)
const writtenLimits = tens([1, 1.5, 2, 2.5, 3, 4, 5, 6, 7, 8, 9])
const plainLimits = tens([1, 2, 5])
const powersOfTwo = Array.from({ length: 14 }, (_, i) => 2 ** (i + 7))

/** Connections of other clients that count toward the same limit, such as a health check. */
const mostElse = 1

/**
 * Reads a plateau as a configured limit on connections, alone or with a full accept queue beyond it; null when it is not
 * one. HAProxy's queue is by default as long as its limit.
 */
export function roundShape(held: number): LimitShape | null {
  const isAt = (limit: number, queued: number) => {
    const missing = limit + queued - held
    return missing >= 0 && missing <= mostElse
  }
  const alone = [...writtenLimits, ...powersOfTwo].find((limit) => isAt(limit, 0))
  if (alone !== undefined) return { limit: alone, queued: 0 }
  for (const limit of plainLimits)
    for (const queued of [...queues.slice(1), limit + 1]) if (isAt(limit, queued)) return { limit, queued }
  return null
}

/** Ports 32768 to 60999: the default `ip_local_port_range`, and what most NATs have for one address. */
const defaultPorts = 28_232

/** How many default port ranges a plateau amounts to, within a quarter percent; null when it does not. */
export function portRangeShape(held: number): number | null {
  const ranges = Math.round(held / defaultPorts)
  return ranges >= 1 && Math.abs(held - ranges * defaultPorts) <= defaultPorts / 400 ? ranges : null
}

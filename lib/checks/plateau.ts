import type { RunOutcome } from './context.js'
import { goalMissed } from './symptoms.js'

/** Where the number of connections stopped, short of what was asked for. */
export interface Plateau {
  /** Most connections held. */
  held: number
  /** For how long no more came, while the run went on dialing. */
  flatSeconds: number
}

/** What a plateau must last, lest a stutter be taken for one. */
const leastSeconds = 1
const leastShare = 0.25

/** On a plateau the connections stay within this share of the most: single ones may close and come again. */
const levelShare = 0.998

/** The plateau a run ended on; null when it reached its goal, or was still getting on. */
export function plateauOf(run: RunOutcome): Plateau | null {
  const dialed = run.timing.dialSeconds
  const points = run.series.filter(({ tSeconds }) => tSeconds <= dialed)
  const last = points.at(-1)
  if (!goalMissed(run) || !last) return null
  const held = Math.max(...points.map(({ established }) => established))
  const reached = points.find(({ established }) => established >= held * levelShare)
  if (!reached || held === 0 || last.established < held * levelShare) return null
  const flatSeconds = last.tSeconds - reached.tSeconds
  return flatSeconds >= Math.max(leastSeconds, dialed * leastShare) ? { held, flatSeconds } : null
}

/**
 * Accept queues that common servers leave full behind them when they can take no more: none, and one more than the
 * backlogs 128 (old somaxconn), 511 (nginx, Redis, Node) and 4096 (somaxconn).
 */
const queues = [0, 129, 512, 4097]

/** Descriptors a server has open beside its connections. */
const mostOther = 64
const leastOther = 3

/** A descriptor limit the figure points to: a power of two, less what else a server has open, plus a full queue. */
export interface DescriptorShape {
  limit: number
  /** Descriptors short of the limit. */
  others: number
  /** Connections in the accept queue, as it seems. */
  queued: number
}

/** Reads a plateau as a peer's descriptor limit, from 1,024 on; null when it has not that shape. */
export function descriptorShape(held: number): DescriptorShape | null {
  for (const queued of queues) {
    const limit = 2 ** Math.ceil(Math.log2(held - queued + leastOther))
    const others = limit - (held - queued)
    if (limit >= 1024 && others >= leastOther && others <= mostOther) return { limit, others, queued }
  }
  return null
}

/** Ports 32768 to 60999: the default `ip_local_port_range`, and what most NATs have for one address. */
const defaultPorts = 28_232

/** How many default port ranges a plateau amounts to, within a quarter percent; null when it does not. */
export function portRangeShape(held: number): number | null {
  const ranges = Math.round(held / defaultPorts)
  return ranges >= 1 && Math.abs(held - ranges * defaultPorts) <= defaultPorts / 400 ? ranges : null
}

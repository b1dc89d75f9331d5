/** Short connections through a NAT: how many a second before 5-tuples come around too early. */
import { text, whole } from '../base/check_option.js'
import type { OptionChecks } from '../base/check_options.js'
import { C1mError } from '../base/errors.js'
import { type Count, maxPort } from '../base/quantities.js'
import { quote } from '../base/quote.js'
import { formatNumber } from '../base/units.js'
import {
  type NatTuples,
  portCount,
  reuseRatePerSecond,
  tupleCount,
  tupleLifetimeSeconds
} from '../host/nat_arithmetic.js'
import { everyPortText } from './source_ports.js'

/** Short connections through a NAT: what a check needs to know of it. */
export interface NatNeeds extends NatTuples {
  /** Seconds until the host or balancer that remembers a 5-tuple longest forgets it. */
  lifetimeSeconds: number
  /** What remembers it so long, e.g. `TIME_WAIT` or `LVS`. */
  rememberedBy: string
}

/** A NAT on the way. Any one of these says that there is one. */
export interface NatOptions {
  /** Ports the NAT hands out, as `A-B`. Default `1024-65535`. */
  natPorts?: string
  /** Addresses the NAT translates to, spread over the connections. From 1, default 1. */
  natSources?: number
  /** Destinations (address and port) behind it. From 1, default: those of the targets, or 1. */
  natDestinations?: number
  /** How long the server keeps a closed connection in TIME_WAIT. Milliseconds from 1, default 60,000. */
  timeWaitMs?: number
  /** How long a load balancer (LVS) keeps the entry of a closed connection. Milliseconds from 1; default: there is none. */
  lvsTimeoutMs?: number
}

/** What is taken for granted of a NAT about which no more is said. */
export const natDefaults = {
  ports: everyPortText,
  sources: 1,
  timeWaitMs: tupleLifetimeSeconds.timeWait * 1000
} as const

/** What each of them may be. */
export const natChecks: OptionChecks<NatOptions> = {
  natPorts: text,
  natSources: whole(1),
  natDestinations: whole(1),
  timeWaitMs: whole(1),
  lvsTimeoutMs: whole(1)
}

/** Who remembers a 5-tuple after its connection, and what that means. */
export interface NatLimit {
  /** What remembers a 5-tuple: `TIME_WAIT` of the server, or `LVS`. */
  rememberedBy: string
  /** For how long. */
  lifetimeSeconds: number
  /** Connections per second above which 5-tuples are used again while they are remembered. */
  perSecond: number
}

/** The arithmetic of a NAT. */
export interface NatPlan {
  /** The ports the NAT hands out, both ends included. */
  firstPort: Count
  lastPort: Count
  /** How many they are. */
  ports: Count
  /** Addresses the NAT translates to. */
  sourceAddresses: Count
  /** Pairs of address and port behind it. */
  destinations: Count
  /** Distinct 5-tuples on the far side: ports x addresses x destinations. */
  tuples: Count
  /** The lowest rate, which binds first, first. */
  limits: NatLimit[]
}

/**
 * Reckons with the NAT of the options, which have passed {@link natChecks}; null when they name none.
 * @param destinations pairs of address and port of the targets
 * @throws C1mError C1M_OPTION_INVALID
 */
export function planNat(options: NatOptions, destinations: number): NatPlan | null {
  const { natPorts, natSources, natDestinations, timeWaitMs, lvsTimeoutMs } = options
  if ([natPorts, natSources, natDestinations, timeWaitMs, lvsTimeoutMs].every((value) => value === undefined))
    return null
  const [firstPort, lastPort] = parseNatPorts(natPorts ?? natDefaults.ports)
  const tuples = {
    ports: portCount(firstPort, lastPort),
    sourceAddresses: natSources ?? natDefaults.sources,
    destinations: natDestinations ?? destinations
  }
  const limit = (rememberedBy: string, lifetimeSeconds: number): NatLimit => ({
    rememberedBy,
    lifetimeSeconds,
    perSecond: reuseRatePerSecond(tuples, lifetimeSeconds)
  })
  const limits = [limit('TIME_WAIT', (timeWaitMs ?? natDefaults.timeWaitMs) / 1000)]
  if (lvsTimeoutMs !== undefined) limits.push(limit('LVS', lvsTimeoutMs / 1000))
  limits.sort((a, b) => a.perSecond - b.perSecond)
  return { firstPort, lastPort, ...tuples, tuples: tupleCount(tuples), limits }
}

/** The same as checks see it: who remembers longest binds first. */
export function natNeeds({ ports, sourceAddresses, destinations, limits }: NatPlan): NatNeeds {
  const { rememberedBy = 'TIME_WAIT', lifetimeSeconds = tupleLifetimeSeconds.timeWait } = limits[0] ?? {}
  return { ports, sourceAddresses, destinations, rememberedBy, lifetimeSeconds }
}

function parseNatPorts(range: string): [first: number, last: number] {
  const match = /^(\d+)-(\d+)$/.exec(range.trim())
  const [first, last] = [Number(match?.[1]), Number(match?.[2])]
  if (match && first >= 1 && last >= first && last <= maxPort) return [first, last]
  throw new C1mError(
    'C1M_OPTION_INVALID',
    (option) =>
      `${option('natPorts')} is ${quote(range)}, and must be FIRST-LAST within 1 and ${formatNumber(maxPort)}`,
    { hint: 'Write e.g. 2048-65535.' }
  )
}

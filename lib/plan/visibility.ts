/** What the plan cannot check; it is listed so that readers do not assume it is fine. */
import { formatNumber } from '../base/units.js'
import type { HostFacts } from '../host/facts.js'
import { formatTarget, type Target } from '../net/target.js'
import { hasNoConntrack } from '../scenario/needs.js'
import type { PlannedSources } from './planned_sources.js'
import type { Tracking } from './tracking.js'

/** What a plan could examine. */
export interface PlanVisibility {
  client: HostFacts
  server: HostFacts | null
  /** Whether the client is this host; otherwise its facts were given. */
  here: boolean
  peerIsHere: boolean
  sources: PlannedSources
  /** Whether the kernel was asked for the routes. */
  asked: boolean
  /** A target that dial refuses without `authorized`. */
  stranger: Target | undefined
  /** Other sockets in this namespace; null if they cannot be counted. */
  otherSockets: number | null
  /** Whether the host tracks the connections; null if that makes no difference. */
  tracking?: Tracking
  hasNat: boolean
  /** Whether the run churns without a rate. */
  churnsUnpaced: boolean
}

/** One sentence per gap, without a period. */
export function unknowns(sight: PlanVisibility): string[] {
  const {
    client,
    server,
    here,
    peerIsHere,
    sources,
    asked,
    stranger,
    otherSockets,
    tracking,
    hasNat,
    churnsUnpaced
  } = sight
  const notes: (string | null)[] = [
    missingFacts(here ? 'this host' : 'the dialing host', client, peerIsHere ? hereFacts : clientFacts),
    idleTracking(here ? 'this host' : 'the dialing host', client, here),
    tracking === 'unknown'
      ? 'whether a rule of this host exempts these ports from connection tracking (notrack): no such rule is assumed (run plan as root, with nft)'
      : null,
    sources.assumed
      ? 'the source address, which the route chooses: one address is assumed (set others with --source)'
      : null,
    here && !asked ? unseenRoutes : null,
    stranger
      ? `whether the operators of ${formatTarget(stranger)} agree: dial refuses it without --authorized`
      : null,
    churnsUnpaced
      ? 'the rate of a churn at full speed, and so its TIME_WAITs and tracked entries (set a rate with --rate)'
      : null,
    otherSockets === null
      ? 'source ports that other sockets of the dialing host hold: dial skips and counts them'
      : otherSockets > 0
        ? `which source ports the ${formatNumber(otherSockets)} other sockets of this namespace hold: dial skips and counts them`
        : null
  ]
  if (!peerIsHere) {
    notes.push(
      server === null
        ? 'everything about the server: its tracking, memory, queues and descriptors (run plan --print-facts there, and give the file to --server-facts)'
        : 'the RLIMIT_NOFILE of the server program, which accepts no more than that many connections in one process'
    )
    if (server)
      notes.push(missingFacts('the server', server, serverFacts), idleTracking('the server', server, false))
    notes.push(
      hasNat
        ? 'firewalls and balancers between the hosts'
        : 'what is between the hosts: firewalls, balancers, a NAT (describe one with --nat-ports)'
    )
  }
  return notes.filter((note) => note !== null)
}

export const unseenRoutes =
  'the devices packets leave by, and whether they are up: netlink sockets (AF_NETLINK) are refused here, or the addon does not load'

type Named = readonly [name: string, isUnknown: (facts: HostFacts) => boolean]

const bothFacts: readonly Named[] = [
  ['the kernel release', ({ kernel }) => kernel.version === null],
  ['fs.file-max', ({ limits }) => limits.fileMax === null || limits.filesOpen === null],
  ['available memory', ({ memory }) => memory.availableBytes === null],
  ['nf_conntrack_max', (facts) => facts.conntrack.max === null && !hasNoConntrack(facts)],
  ['nf_conntrack_buckets', ({ conntrack }) => conntrack.max !== null && conntrack.buckets === null]
]

const clientFacts: readonly Named[] = [
  ...bothFacts,
  ['RLIMIT_NOFILE', ({ limits }) => limits.nofileHard === null]
]

const listenerFacts: readonly Named[] = [['net.core.somaxconn', ({ tcp }) => tcp.somaxconn === null]]

const serverFacts: readonly Named[] = [...bothFacts, ...listenerFacts]

/** The facts that matter on a host that both dials and listens. */
export const hereFacts: readonly Named[] = [...clientFacts, ...listenerFacts]

/** Names limits of a host that are unknown and assumed not to be reached. */
export function missingFacts(host: string, facts: HostFacts, named = clientFacts): string | null {
  const missing = named.filter(([, isUnknown]) => isUnknown(facts)).map(([name]) => name)
  if (missing.length === 0) return null
  return `${missing.join(', ')} of ${host}: assumed not to be ${missing.length === 1 ? 'a limit' : 'limits'}`
}

/** If the module is loaded but has no entry, whether a rule uses it cannot be determined. */
export function idleTracking(host: string, { conntrack }: HostFacts, here: boolean): string | null {
  if (conntrack.max === null || conntrack.count !== 0) return null
  return here
    ? `whether a rule of ${host} tracks connections: none are tracked now, so tracking is assumed to be off (nf_conntrack_max is ${formatNumber(conntrack.max)})`
    : `whether a rule of ${host} tracks connections: none were when the facts were read, but tracking is assumed to be on`
}

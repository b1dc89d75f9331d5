/** What a plan cannot know, in words: silence about it would read as a promise. */
import { formatNumber } from '../base/units.js'
import type { HostFacts } from '../host/facts.js'
import { formatTarget, type Target } from '../net/target.js'
import { hasNoConntrack } from '../scenario/needs.js'
import type { PlannedSources } from './planned_sources.js'
import type { Tracking } from './tracking.js'

/** How far a plan sees. */
export interface PlanVisibility {
  client: HostFacts
  server: HostFacts | null
  /** Whether the client is this host; otherwise its facts were given. */
  here: boolean
  peerIsHere: boolean
  sources: PlannedSources
  /** Whether the kernel was asked for the ways packets take. */
  asked: boolean
  /** A target that dial refuses without `authorized`. */
  stranger: Target | undefined
  /** Sockets of others in this namespace; null when they cannot be counted. */
  otherSockets: number | null
  /** Whether it tracks the connections; null where that does not matter. */
  tracking?: Tracking
  hasNat: boolean
  /** Whether it churns as fast as possible. */
  churnsUnpaced: boolean
}

/** One sentence for each gap, without a full stop. */
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
      ? 'whether a rule of this host keeps these ports out of connection tracking (notrack): they are taken to be tracked (run plan as root, with nft)'
      : null,
    sources.assumed
      ? 'the source address, which the route chooses: one address is assumed (name others with --source)'
      : null,
    here && !asked ? unseenRoutes : null,
    stranger
      ? `whether those who run ${formatTarget(stranger)} agree: dial refuses it without --authorized`
      : null,
    churnsUnpaced
      ? 'the rate of a churn as fast as possible, and with it its TIME_WAITs and tracked entries (name one with --rate)'
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

/** What counts of a host whose own processes listen. */
export const hereFacts: readonly Named[] = [...clientFacts, ...listenerFacts]

/** Limits that are not known of a host, and are taken not to bind. */
export function missingFacts(host: string, facts: HostFacts, named = clientFacts): string | null {
  const missing = named.filter(([, isUnknown]) => isUnknown(facts)).map(([name]) => name)
  if (missing.length === 0) return null
  return `of ${host} ${missing.join(', ')}: ${missing.length === 1 ? 'it is' : 'they are'} taken not to bind`
}

/** The module is there and has no entry: nobody can tell from afar whether a rule uses it. */
export function idleTracking(host: string, { conntrack }: HostFacts, here: boolean): string | null {
  if (conntrack.max === null || conntrack.count !== 0) return null
  return here
    ? `whether a rule of ${host} tracks connections: none is tracked now, so it is taken not to (nf_conntrack_max is ${formatNumber(conntrack.max)})`
    : `whether a rule of ${host} tracks connections: none was when the facts were read, and it is taken to`
}

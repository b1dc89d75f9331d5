import { expect, it } from 'vitest'
import { type PlanVisibility, unknowns } from '../../../lib/plan/visibility.js'
import { facts } from '../checks/fixtures.js'

const tracking = { conntrack: { count: 7 } }
const here: PlanVisibility = {
  client: facts(tracking),
  server: null,
  here: true,
  peerIsHere: true,
  sources: { ranges: [], missing: [], unsettled: [], unrouted: [], assumed: false },
  asked: true,
  stranger: undefined,
  otherSockets: 0,
  hasNat: false,
  churnsUnpaced: false
}

it('visibility has nothing to add when everything is visible', () => {
  expect(unknowns(here)).toEqual([])
})

it('visibility names the routes of this host when the kernel cannot be asked for them', () => {
  expect(unknowns({ ...here, asked: false })).toEqual([
    'the devices packets leave by, and whether they are up: netlink sockets (AF_NETLINK) are refused here, or the addon does not load'
  ])
  expect(unknowns({ ...here, here: false, asked: false })).toEqual([])
})

it('visibility names a target that needs consent', () => {
  const stranger = { host: 'example.org', address: '203.0.113.1', firstPort: 443, lastPort: 443 }
  expect(unknowns({ ...here, stranger })).toEqual([
    'whether the operators of example.org:443 agree: dial refuses it without --authorized'
  ])
})

it('visibility names the missing facts and their consequence', () => {
  const client = facts({ limits: { nofileHard: null }, conntrack: { count: null, max: null, buckets: null } })
  expect(unknowns({ ...here, client })).toEqual([
    'nf_conntrack_max, RLIMIT_NOFILE of this host: assumed not to be limits'
  ])
  const listener = facts({ ...tracking, tcp: { somaxconn: null } })
  expect(unknowns({ ...here, client: listener })).toEqual([
    'net.core.somaxconn of this host: assumed not to be a limit'
  ])
  const unknown = { '/proc/sys/net/netfilter/nf_conntrack_max': 'ENOENT' }
  expect(unknowns({ ...here, client: { ...client, unknown } })).toEqual([
    'RLIMIT_NOFILE of this host: assumed not to be a limit'
  ])
})

it('visibility says what is assumed for a conntrack without connections', () => {
  expect(unknowns({ ...here, client: facts() })).toEqual([
    'whether a rule of this host tracks connections: none are tracked now, so tracking is assumed to be off (nf_conntrack_max is 262,144)'
  ])
  expect(unknowns({ ...here, here: false, client: facts() })).toEqual([
    'whether a rule of the dialing host tracks connections: none were when the facts were read, but tracking is assumed to be on'
  ])
})

it('visibility says that a churn without a rate cannot be calculated', () => {
  expect(unknowns({ ...here, churnsUnpaced: true })).toEqual([
    'the rate of a churn at full speed, and so its TIME_WAITs and tracked entries (set a rate with --rate)'
  ])
})

it('visibility names what cannot be known about another host', () => {
  const sources = { ...here.sources, assumed: true }
  const away = { ...here, peerIsHere: false, sources, otherSockets: 12 }
  expect(unknowns(away)).toEqual([
    'the source address, which the route chooses: one address is assumed (set others with --source)',
    'which source ports the 12 other sockets of this namespace hold: dial skips and counts them',
    'everything about the server: its tracking, memory, queues and descriptors (run plan --print-facts there, and give the file to --server-facts)',
    'what is between the hosts: firewalls, balancers, a NAT (describe one with --nat-ports)'
  ])
  expect(unknowns({ ...away, server: facts(tracking), otherSockets: null, hasNat: true }).slice(1)).toEqual([
    'source ports that other sockets of the dialing host hold: dial skips and counts them',
    'the RLIMIT_NOFILE of the server program, which accepts no more than that many connections in one process',
    'firewalls and balancers between the hosts'
  ])
})

it('visibility says that unreadable rules may exclude ports from tracking', () => {
  expect(unknowns({ ...here, tracking: 'unknown' })).toEqual([
    'whether a rule of this host exempts these ports from connection tracking (notrack): no such rule is assumed (run plan as root, with nft)'
  ])
  expect(unknowns({ ...here, tracking: 'all' })).toEqual([])
})

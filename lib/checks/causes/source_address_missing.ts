import type { UnsettledAddress } from '../../net/local_addresses.js'
import { defineCheck, type ExplainContext } from '../context.js'
import { fact, failures, figure, tallyEvidence } from '../evidence.js'
import { advice, command, type Remedy, shellWord, sysctl } from '../remedy.js'
import { isCriticalShare } from '../symptoms.js'
import { tupleShortage } from './tuple_space_exhausted.js'
import { unreachable } from './unreachable.js'

/**
 * A source address that no interface of this namespace has, or that duplicate address detection keeps from being used:
 * bind(2) fails with EADDRNOTAVAIL.
 */
export const sourceAddressMissing = defineCheck({
  id: 'source-address-missing',
  rank: 30,
  concerns: 'dialer',

  about: {
    summary:
      'The dial is asked to use a source address that this host does not have, or cannot use yet, so its sockets cannot be bound.',
    evidence:
      'bind(2) fails with EADDRNOTAVAIL more often than used-up 4-tuples account for. A plan tries to bind each address without sending a packet, and asks the kernel for the state of duplicate address detection.',
    remedy:
      'Add the address with `ip addr add`; for an IPv6 address whose packets a local route already brings here, set net.ipv6.ip_nonlocal_bind to 1 instead. During duplicate address detection, wait a second or two (advice), or add the address again with nodad. Where another host has the address, remove it here and use another one (advice).',
    mistakenFor:
      'Used-up ports (`tuple-space-exhausted`), which end in the same EADDRNOTAVAIL. An IPv6 address that was just added is listed but stays tentative for a second or two. With net.ipv4.ip_nonlocal_bind or net.ipv6.ip_nonlocal_bind an address that no device has can be bound, and is not a finding.'
  },

  predict({ needs: { missingSources, unsettledSources = [], connections } }) {
    const [unsettled] = unsettledSources
    if (missingSources.length === 0 && !unsettled) return null
    return {
      severity: 'critical',
      side: 'client',
      title:
        missingSources.length > 0 || !unsettled
          ? `${list(missingSources)} ${missingSources.length === 1 ? 'is no address' : 'are no addresses'} of this host`
          : unsettled.state === 'tentative'
            ? `${list(unsettledSources.map(({ address }) => address))} cannot be used yet: duplicate address detection is under way`
            : `another host has ${unsettled.address}: duplicate address detection failed`,
      evidence: [
        ...fact('needs.missingSources', missingSources.slice(0, 10).join(' ') || null),
        ...unsettledSources.slice(0, 10).map(({ address, device, state }) => ({
          name: `${address} of ${device}`,
          before: null,
          after: state
        }))
      ],
      remedy: missingSources.length > 0 ? add(missingSources) : settle(unsettledSources),
      events: connections,
      bindsAt: 0
    }
  },

  explain(context) {
    const { tallies, count } = failures(context, ['EADDRNOTAVAIL'], 'bind')
    // A tuple space that is used up ends in the same error, once for each connection it could not serve.
    const events = count - tupleShortage(context)
    const [tally] = tallies
    if (events <= 0 || !tally) return null
    const missing = context.needs?.missingSources ?? []
    const sources = missing.length > 0 ? missing : [sourceOf(tally.example)]
    return {
      severity: 'critical',
      side: 'client',
      title: `${figure(events)} connections could not be bound: this host lacks the source address ${list(sources)}`,
      evidence: tallyEvidence(tallies),
      remedy: add(sources),
      events,
      explains: isAtTheTurn(context, events) ? [unreachable] : []
    }
  }
})

/** Whether connects without a way are so few that they were bound just before the address went away. */
function isAtTheTurn(context: ExplainContext, unbound: number): boolean {
  const { count } = failures(context, ['EHOSTUNREACH', 'ENETUNREACH', 'EINVAL'], 'connect')
  return !isCriticalShare(count, unbound)
}

function list(addresses: readonly string[]): string {
  const [first = '', second, ...others] = addresses
  if (second === undefined) return first
  return others.length === 0
    ? `${first} and ${second}`
    : `${first}, ${second} and ${figure(others.length)} more`
}

/** The source address of `198.18.0.1:1024 > 198.18.0.2:80` or `[::1]:1024 > ...`. */
function sourceOf(example: string): string {
  return example.replace(/:\d+ > .*$/, '').replace(/^\[(.*)\]$/, '$1')
}

function add(addresses: readonly string[]): Remedy[] {
  const isV6 = (address: string) => address.includes(':')
  return [
    ...addresses
      .slice(0, 3)
      .map((address) => command(`ip addr add ${address}/${isV6(address) ? '128' : '32'} dev DEVICE`)),
    // A local route is enough for bind(2) over IPv4.
    ...(addresses.some(isV6)
      ? [
          advice('or, where a route of type local brings their packets here already:'),
          sysctl('net.ipv6.ip_nonlocal_bind', 1)
        ]
      : [])
  ]
}

/** Added without detection, an address can be used at once. */
function settle(addresses: readonly UnsettledAddress[]): Remedy[] {
  return addresses.slice(0, 3).flatMap(({ address, prefix, device, state }) => {
    const place = `${address}/${prefix} dev ${shellWord(device)}`
    return state === 'duplicate'
      ? [command(`ip addr del ${place}`), advice('and name an address that only this host has')]
      : [
          advice('wait a second or two, or add it without the detection:'),
          command(`ip addr del ${place} && ip addr add ${place} nodad`)
        ]
  })
}

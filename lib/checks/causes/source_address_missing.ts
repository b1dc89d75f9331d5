import { defineCheck } from '../context.js'
import { fact, failures, figure, tallyEvidence } from '../evidence.js'
import { command, type Remedy } from '../remedy.js'
import { tupleShortage } from './tuple_space_exhausted.js'

/** A source address that no interface of this namespace has: bind(2) fails with EADDRNOTAVAIL. */
export const sourceAddressMissing = defineCheck({
  id: 'source-address-missing',
  rank: 30,
  concerns: 'dialer',

  predict({ needs: { missingSources, connections } }) {
    if (missingSources.length === 0) return null
    return {
      severity: 'critical',
      side: 'client',
      title: `${list(missingSources)} ${missingSources.length === 1 ? 'is no address' : 'are no addresses'} of this host`,
      evidence: fact('needs.missingSources', missingSources.slice(0, 10).join(' ')),
      remedy: add(missingSources),
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
      events
    }
  }
})

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
  return addresses
    .slice(0, 3)
    .map((address) => command(`ip addr add ${address}/${address.includes(':') ? 128 : 32} dev DEVICE`))
}

/** Incident 1, its second problem: a connect rate that decays for hours, and no log line, error or drop counter says why. */
import { bucketsFor } from '../../host/conntrack_chains.js'
import { defineLab } from '../runner/define.js'
import { pair, serverAddress, target } from '../topologies/networks.js'
import { forget, tracked, untracked } from '../topologies/tracking.js'
import { collapse } from '../verdict/curve.js'
import type { ActResult } from '../verdict/lab.js'
import { healthyRate } from '../verdict/verdict.js'

const buckets = 'net.netfilter.nf_conntrack_buckets'

/**
 * Connections for each bucket: an entry is in two chains, so chains reach twice as many, and no kernel accepts more than
 * 79 in one.
 */
const perBucket = 60

/** The fewest buckets the kernel takes: nf_ct_alloc_hashtable rounds up to a page. */
const fewest = 512

/** How far the rate has to fall, as it did in the report. */
const collapsed = 100

/** How long after the first refused SYN the cause may be named, in seconds. */
const promptSeconds = 2

export const conntrackChains = defineLab({
  name: 'conntrack-chains',
  summary: 'the connection tracking table has room, but too few buckets: the connect rate decays',
  expected: 'conntrack-chain-too-long',
  seconds: 28,
  tools: ['nft', 'conntrack'],
  hostSysctls: [buckets],
  defaults: { connections: fewest * perBucket, rate: 10_000, ports: 20, clients: 8, buckets: fewest },
  bounds: {
    connections: [fewest * perBucket, 200_000],
    rate: [5000, 100_000],
    ports: [1, 1000],
    clients: [1, 16],
    buckets: [fewest, 3072]
  },
  fit: ({ connections, buckets: few }) => ({ connections: Math.max(connections, few * perBucket) }),

  acts: ({ connections, rate, ports, clients, buckets: few, ipv6 }) => {
    const many = bucketsFor(connections)
    const server = target(serverAddress(ipv6), 8100, ports)
    // The fuller the table the slower it fills; a larger one takes longer to get as full.
    const seconds = Math.ceil(connections / rate + Math.max(9, (few / fewest) * 6))
    // As in the report: clients with one handshake at a time each, and nobody waits for the end.
    const options = ['--window', `${clients}`, '--duration', `${seconds}s`]
    const load = [{ in: 'client', dial: [server, '-c', `${connections}`, '-r', `${rate}`, ...options] }]
    return [
      {
        name: 'healthy',
        role: 'healthy',
        text: `${connections} connections to ${ports} ports, ${clients} handshakes at a time; the server's firewall tracks them.`,
        topology: pair({ ipv6, server: { rules: tracked } }),
        servers: [{ in: 'server', listen: [server] }],
        load
      },
      {
        name: `buckets ${few}`,
        role: 'broken',
        text: `nf_conntrack_buckets is ${few}; nf_conntrack_max leaves room for all of them.`,
        changes: [forget('server'), { host: { [buckets]: few } }],
        load,
        sign: { in: 'server', counter: 'Conntrack.chaintoolong' }
      },
      {
        name: `buckets ${many}`,
        role: 'remedy',
        text: `nf_conntrack_buckets is raised to ${many}; everything else goes on.`,
        changes: [{ host: { [buckets]: many } }],
        load
      },
      {
        name: 'notrack',
        role: 'remedy',
        text: `nf_conntrack_buckets is ${few} again, the chains are as long, and connections to these ports are not tracked.`,
        changes: [
          { host: { [buckets]: few } },
          { in: 'server', rules: untracked(`8100-${8100 + ports - 1}`) }
        ],
        load
      }
    ]
  },

  also: (acts) => {
    const broken = acts.filter(({ role }) => role === 'broken')
    const times = Math.round(Math.max(...broken.map(({ curve }) => collapse(curve, healthyRate(acts)))))
    return {
      figures: [{ name: 'collapse of the connect rate', value: times, unit: ' times' }],
      failures: [
        ...(times >= collapsed ? [] : [`the connect rate fell by a factor of ${times}, not of ${collapsed}`]),
        ...(broken.every(isPrompt) ? [] : [`the cause was not named within ${promptSeconds} s`])
      ]
    }
  }
})

function isPrompt({ firstSignSeconds, namedSeconds }: ActResult): boolean {
  return (
    firstSignSeconds !== null && namedSeconds !== null && namedSeconds - firstSignSeconds <= promptSeconds
  )
}

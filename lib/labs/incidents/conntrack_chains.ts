/** A connect rate that decays for hours, while no log line, error or drop counter says why. */
import { bucketsFor } from '../../host/conntrack_buckets.js'
import { defineLab } from '../runner/lab_definition.js'
import { runInTurn } from '../runner/step_runner.js'
import { forget, tracked, untracked } from '../topologies/conntrack_rules.js'
import { serverAddress, target } from '../topologies/lab_addresses.js'
import { pair } from '../topologies/pair_and_path.js'
import { collapse } from '../verdict/curve.js'
import type { StepResult } from '../verdict/lab_result.js'
import { healthyRate } from '../verdict/verdict.js'

const buckets = 'net.netfilter.nf_conntrack_buckets'

/**
 * Connections per bucket. Each connection is in two chains, so chains get twice as long, and no kernel accepts more than
 * 79 entries in one.
 */
const perBucket = 60

/** The fewest buckets the kernel accepts: nf_ct_alloc_hashtable rounds up to a page. */
const fewest = 512

/** The factor by which the connect rate must fall, as it did in the incident. */
const collapseFactor = 100

/** The cause must be named within so many seconds of the first refused SYN. */
const promptSeconds = 2

export const conntrackChains = defineLab({
  name: 'conntrack-chains',
  rank: 30,
  summary: 'the connection tracking table has room, but too few buckets: the connect rate decays',
  expected: 'conntrack-chain-too-long',
  seconds: 28,
  parameters: {
    connections: { default: fewest * perBucket, least: fewest * perBucket, most: 200_000 },
    rate: { default: 10_000, least: 5000, most: 100_000 },
    ports: { default: 20, least: 1, most: 1000 },
    clients: { default: 8, least: 1, most: 16 },
    buckets: { default: fewest, least: fewest, most: 3072 }
  },
  fit: ({ connections, buckets: few }) => ({ connections: Math.max(connections, few * perBucket) }),

  steps: ({ connections, rate, ports, clients, buckets: few, ipv6 }) => {
    const many = bucketsFor(connections)
    const server = target(serverAddress(ipv6), 8100, ports)
    // The table fills ever more slowly, and a larger one takes longer.
    const seconds = Math.ceil(connections / rate + Math.max(9, (few / fewest) * 6))
    // As in the incident: each client has one handshake at a time, and the load ends while connects still wait.
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

  run: async (sandbox, steps) => {
    const results = await runInTurn(sandbox.network(), steps)
    const broken = results.filter(({ role }) => role === 'broken')
    const times = Math.round(Math.max(...broken.map(({ curve }) => collapse(curve, healthyRate(results)))))
    return {
      steps: results,
      figures: [{ name: 'collapse of the connect rate', value: times, unit: ' times' }],
      failures: [
        ...(times >= collapseFactor
          ? []
          : [`the connect rate fell by a factor of ${times}, not of ${collapseFactor}`]),
        ...(broken.every(isPrompt) ? [] : [`the cause was not named within ${promptSeconds} s`])
      ]
    }
  }
})

function isPrompt({ firstSignSeconds, namedSeconds }: StepResult): boolean {
  return (
    firstSignSeconds !== null && namedSeconds !== null && namedSeconds - firstSignSeconds <= promptSeconds
  )
}

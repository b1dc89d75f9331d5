/** Incident 2: connects fail behind a NAT, and the server sees nothing. */
import type { Act } from '../runner/steps.js'
import { conduct } from '../runner/steps.js'
import {
  behindNat,
  clientRoles,
  type NatOptions,
  withoutResets,
  withoutTimestamps
} from '../topologies/nat.js'
import { serverAddress, target } from '../topologies/networks.js'
import type { ActResult, Figure, Lab, Parameters } from '../verdict/lab.js'

interface Variant {
  readonly name: string
  readonly role: Act['role']
  readonly text: string
  readonly nat?: Partial<NatOptions>
  /** Arguments of `listen` and `dial`; by default the server closes first, and waits in TIME_WAIT. */
  readonly listen?: readonly string[]
  readonly dial?: readonly string[]
}

const serverFirst = { listen: ['--mode', 'close-first'], dial: ['--close-by', 'server'] }

/** What heals comes first; then what need not, and what makes it worse. */
function variants({ connections, ports }: Pick<Parameters, 'connections' | 'ports'>): Variant[] {
  const roomy = connections * 4
  const addresses = Math.ceil(connections / ports) * 2
  return [
    {
      name: `${roomy} ports`,
      role: 'healthy',
      text: `The NAT has ${roomy} ports to choose from at random, more than connections come in a TIME_WAIT; the server closes first.`,
      nat: { ports: roomy, random: true }
    },
    {
      name: `${ports} ports`,
      role: 'broken',
      text: `It has ${ports} ports, so that each is used again and again.`
    },
    {
      name: 'client closes first',
      role: 'remedy',
      text: 'The client closes first: the server keeps no TIME_WAIT.',
      listen: [],
      dial: ['--close-by', 'client']
    },
    {
      name: 'bigger range',
      role: 'remedy',
      text: `The NAT has ${connections * 2} ports to choose from at random.`,
      nat: { ports: connections * 2, random: true }
    },
    {
      name: 'NAT strips timestamps',
      role: 'remedy',
      text: 'The NAT takes timestamps out of SYNs.',
      nat: { rules: withoutTimestamps }
    },
    {
      name: 'no timestamps',
      role: 'remedy',
      text: 'The clients send no timestamps: this NAT then sees to it that sequence numbers grow.',
      nat: { client: { sysctls: { 'net.ipv4.tcp_timestamps': 0 } } }
    },
    {
      name: 'server resets',
      role: 'tried',
      text: 'The server closes by RST: no TIME_WAIT, and the clients lose what they have not read.',
      listen: [...serverFirst.listen, '--close', 'rst']
    },
    {
      name: 'max_tw_buckets 0',
      role: 'tried',
      text: 'The server keeps no TIME_WAIT at all, nor what it protects from.',
      nat: { server: { sysctls: { 'net.ipv4.tcp_max_tw_buckets': 0 } } }
    },
    {
      name: 'max_tw_buckets 10',
      role: 'tried',
      text: 'The server keeps ten TIME_WAITs: these stay poisoned.',
      nat: { server: { sysctls: { 'net.ipv4.tcp_max_tw_buckets': 10 } } }
    },
    {
      name: `${addresses} addresses in turn`,
      role: 'tried',
      text: `The NAT has ${addresses} addresses and takes the next one for each connection: fewer ports come around.`,
      nat: { addresses, choice: 'addresses' }
    },
    {
      name: `${addresses} addresses`,
      role: 'tried',
      text: `The NAT has ${addresses} addresses, but gives each client host one of them.`,
      nat: { addresses }
    },
    {
      name: 'rfc1337',
      role: 'tried',
      text: 'tcp_rfc1337 is 1: the RST of a rejected client no longer frees the slot.',
      nat: { server: { sysctls: { 'net.ipv4.tcp_rfc1337': 1 } } }
    },
    {
      name: 'firewall drops RST',
      role: 'tried',
      text: 'A firewall drops that RST.',
      nat: { rules: withoutResets }
    }
  ]
}

export const natPaws: Lab = {
  name: 'nat-paws',
  summary: 'hosts behind one NAT meet the TIME_WAITs of each other, and the server rejects their SYNs',
  expected: 'time-wait-paws',
  seconds: 20,
  tools: ['nft'],
  hostSysctls: [],
  defaults: { connections: 240, rate: 30, clients: 2, ports: 33 },
  bounds: { connections: [100, 2000], rate: [10, 200], clients: [2, 6], ports: [24, 250] },
  // Each port several times, and before a TIME_WAIT ends.
  fit: ({ connections, rate, ports }) => {
    const enough = Math.max(connections, ports * 7)
    return { connections: enough, rate: Math.max(rate, Math.ceil(enough / 15)) }
  },

  perform: async (stage, { connections, rate, clients, ports, ipv6 }) => {
    const server = target(serverAddress(ipv6), 443)
    const seconds = Math.ceil(connections / rate)
    const acts = variants({ connections, ports }).map((variant) => ({
      name: variant.name,
      role: variant.role,
      text: variant.text,
      topology: behindNat({ ipv6, clients, ports, ...variant.nat }),
      servers: [{ in: 'server', listen: [server, ...(variant.listen ?? serverFirst.listen)] }],
      load: clientRoles(clients).map((role) => ({
        in: role,
        dial: [
          server,
          '--churn',
          ...(variant.dial ?? serverFirst.dial),
          ...['-c', `${connections}`, '-r', `${rate / clients}`, '--duration', `${seconds}s`]
        ]
      })),
      sign: { in: 'server', counter: 'TcpExt.PAWSTimewait' as const }
    }))
    const acted = await Promise.all(acts.map((act) => conduct(stage.scene(), [act])))
    const results = acted.flat()
    return { acts: results, figures: results.filter(({ role }) => role === 'broken').map(troubled) }
  }
}

/** What a client sees of it: the server sees nothing. */
function troubled({ connections: { stood, delayed, failed } }: ActResult): Figure {
  const share = (delayed + failed) / Math.max(1, stood + failed)
  return { name: 'share of handshakes delayed or failed', value: Math.round(share * 100), unit: ' %' }
}

/** Connects that fail behind a NAT, while the server's application sees nothing. */
import { defineLab } from '../runner/lab_definition.js'
import type { LabParameters } from '../runner/lab_parameters.js'
import { runSideBySide } from '../runner/step_runner.js'
import {
  type BehindNatOptions,
  behindNat,
  clientNames,
  withoutResets,
  withoutTimestamps
} from '../topologies/behind_nat.js'
import { serverAddress, target } from '../topologies/lab_addresses.js'
import type { Figure, StepResult, StepRole } from '../verdict/lab_result.js'

interface Variant {
  readonly name: string
  readonly role: StepRole
  readonly text: string
  readonly nat?: Partial<BehindNatOptions>
  /** Arguments of `listen` and `dial`; by default the server closes first, so the TIME_WAIT is on its side. */
  readonly listen?: readonly string[]
  readonly dial?: readonly string[]
}

const serverFirst = { listen: ['--mode', 'close-first'], dial: ['--close-by', 'server'] }

/** Remedies that work come first, then changes that may not help or do harm. */
function variants({ connections, ports }: Pick<LabParameters, 'connections' | 'ports'>): Variant[] {
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

export const natPaws = defineLab({
  name: 'nat-paws',
  rank: 40,
  summary: 'hosts behind one NAT meet the TIME_WAITs of each other, and the server rejects their SYNs',
  expected: 'time-wait-paws',
  seconds: 20,
  parameters: {
    connections: { default: 240, least: 100, most: 2000 },
    rate: { default: 30, least: 10, most: 200 },
    clients: { default: 2, least: 2, most: 6 },
    ports: { default: 33, least: 24, most: 250 }
  },
  // Each port is used several times before its TIME_WAIT ends.
  fit: ({ connections, rate, ports }) => {
    const enough = Math.max(connections, ports * 7)
    return { connections: enough, rate: Math.max(rate, Math.ceil(enough / 15)) }
  },

  steps: ({ connections, rate, clients, ports, ipv6 }) => {
    const server = target(serverAddress(ipv6), 443)
    const seconds = Math.ceil(connections / rate)
    return variants({ connections, ports }).map((variant) => ({
      name: variant.name,
      role: variant.role,
      text: variant.text,
      topology: behindNat({ ipv6, clients, ports, ...variant.nat }),
      servers: [{ in: 'server', listen: [server, ...(variant.listen ?? serverFirst.listen)] }],
      load: clientNames(clients).map((client) => ({
        in: client,
        dial: [
          server,
          '--churn',
          ...(variant.dial ?? serverFirst.dial),
          ...['-c', `${connections}`, '-r', `${rate / clients}`, '--duration', `${seconds}s`]
        ]
      })),
      sign: { in: 'server', counter: 'TcpExt.PAWSTimewait' as const }
    }))
  },

  run: async (sandbox, steps) => {
    const results = await runSideBySide(sandbox, steps)
    return { steps: results, figures: results.filter(({ role }) => role === 'broken').map(troubledShare) }
  }
})

/** The trouble as the clients see it. */
function troubledShare({ connections: { stood, delayed, failed } }: StepResult): Figure {
  const share = (delayed + failed) / Math.max(1, stood + failed)
  return { name: 'share of handshakes delayed or failed', value: Math.round(share * 100), unit: ' %' }
}
